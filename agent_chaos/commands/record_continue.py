"""`agent-chaos record --continue`: asks the real provider what would have been said after a failure's faults."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import typer

from agent_chaos.cassette.redaction.redactor import Redactor
from agent_chaos.cassette.storage.file import open_cassette
from agent_chaos.commands.failures import failure_store
from agent_chaos.commands.output import print_line, silence_output
from agent_chaos.commands.record import added
from agent_chaos.errors import AgentChaosError, ExitCode, UsageError
from agent_chaos.faults.plan import Plan
from agent_chaos.oracles.verdict import Verdict
from agent_chaos.patch.install import install
from agent_chaos.record.branch import record_branch
from agent_chaos.replay.match import ExchangeIndex
from agent_chaos.report.exit import combined
from agent_chaos.report.printable import count
from agent_chaos.scenario.loader import load
from agent_chaos.scenario.model import Scenario
from agent_chaos.scenario.selector import Selector
from agent_chaos.search.failure import Failure, UndecidedPlan
from agent_chaos.trace.trace import Trace
from agent_chaos.trial.rehearsal import Rehearsal
from agent_chaos.trial.trial import TrialSetup, run_trial


@dataclass(frozen=True, slots=True)
class Branch:
    """A plan to continue with the real provider: `calls` is how many live calls it takes as far as can be told offline."""

    failure: Failure | UndecidedPlan
    scenario: Scenario
    calls: int
    really_run: tuple[str, ...]


def continue_(names: Sequence[str], *, yes: bool, max_calls: int | None = None) -> int:
    """Records the branches of stored failures and undecided plans, after asking, and says how each is judged from then on.

    Args:
        names: ids or files; `all` is every undecided plan that is kept, those of the most examples first.
        max_calls: live calls after which no further plan is continued.

    Raises UsageError, RecordError.
    """
    install()
    branches = _wanting(_named(names))
    if not branches:
        print_line("the recordings have all that these plans ask; nothing to record")
        return ExitCode.OK
    chosen = _within(branches, max_calls)
    _ask(_announced(chosen, len(branches)), yes=yes)
    _recorded(chosen)
    return combined(map(_judged_again, chosen))


def continue_undecided(targets: list[str], selector: Selector, *, yes: bool, max_calls: int) -> int:
    """Records what undecided plans of the targets' scenarios ask, those of the most examples first; how many live calls it took.

    Nothing is asked, and none made, where no plan wants any, or the calls are too few for each.

    Raises UsageError, RecordError.
    """
    install()
    names = {one.scenario.name for one in selector.of(load(targets))}
    kept = [one for one in failure_store.every_undecided() if one.scenario in names]
    branches = _wanting(kept)
    if not any(branch.calls <= max_calls for branch in branches):
        return 0
    chosen = _within(branches, max_calls)
    _ask(_announced(chosen, len(branches)), yes=yes)
    return _recorded(chosen)


def _wanting(failures: Iterable[Failure | UndecidedPlan]) -> list[Branch]:
    """The plans whose runs ask what no recording answers."""
    return [branch for branch in map(_branch, failures) if branch.calls]


def _recorded(branches: Iterable[Branch]) -> int:
    """Goes online for each in turn; how many live calls were made."""
    calls = 0
    for branch in branches:
        if _missing(_played(branch.scenario, branch.failure.plan)):  # one before it may have asked the same
            summary = record_branch(branch.scenario, branch.failure.plan)
            calls += summary.calls
            print_line(added(branch.failure.id, summary))
    return calls


def _named(names: Sequence[str]) -> list[Failure | UndecidedPlan]:
    found: dict[str, Failure | UndecidedPlan] = {}
    for name in names:
        if name.lower() == "all":
            found |= {one.id: one for one in failure_store.every_undecided()}
            continue
        one = (
            failure_store.stored_undecided(name)
            if failure_store.is_undecided_name(name)
            else failure_store.stored_failure(name)
        )
        found[one.id] = one
    if not found:
        raise UsageError("no undecided plan is kept; agent-chaos fuzz finds them")
    return list(found.values())


def _branch(failure: Failure | UndecidedPlan) -> Branch:
    scenario = load([failure.target])[0].scenario
    if scenario.name != failure.scenario:
        raise UsageError(
            f"{failure.id} was found in {failure.scenario!r}, and {failure.target} is {scenario.name!r}: nothing was recorded"
        )
    trace = _played(scenario, failure.plan)
    # An SDK without its key raises before it sends anything: to go online like that would cost the run and
    # record nothing.
    if trace.raised and not trace.calls:
        ended = f"{trace.raised[0].type}: {' '.join(trace.raised[0].message.split())[:160]}"
        raise UsageError(
            f"{failure.id}: its agent asks nothing and ends in {ended}; set the provider's key variable, and record again"
        )
    return Branch(failure, scenario, _missing(trace), tuple(_really_run(trace)))


def _within(branches: list[Branch], max_calls: int | None) -> list[Branch]:
    """The branches that the calls last for, in their order. Raises UsageError where that is none."""
    chosen, calls = [], 0
    for branch in branches:
        # Not the first that fit and then an end: a long one in between must not keep shorter ones from being
        # asked.
        if max_calls is None or calls + branch.calls <= max_calls:
            calls += branch.calls
            chosen.append(branch)
    if not chosen:
        least = min(branch.calls for branch in branches)
        raise UsageError(
            f"--max-calls {max_calls} is not enough: the shortest takes {count(least, 'live call')}"
        )
    return chosen


def _announced(chosen: list[Branch], of: int) -> str:
    ids = ", ".join(branch.failure.id for branch in chosen)
    names = ", ".join(dict.fromkeys(branch.scenario.name for branch in chosen))
    left = f"; {of - len(chosen)} more wait for more calls" if len(chosen) < of else ""
    calls = count(sum(branch.calls for branch in chosen), "live call")
    run = list(dict.fromkeys(one for branch in chosen for one in branch.really_run))
    really = f"; and it really runs {', '.join(run)}" if run else ""
    return f"{ids} on {names}: about {calls} to the provider{really}{left}"


def _judged_again(branch: Branch) -> int:
    """Runs the plan on what is recorded now, and says what came of it."""
    try:
        rehearsal = Rehearsal(branch.scenario, target=branch.failure.target, allow_real_tools=True)
        with silence_output():
            outcome = rehearsal.trial(branch.failure.plan)
    except AgentChaosError as exc:
        print_line(f"{branch.failure.id}: recorded, and cannot be judged: {exc}")
        return exc.exit_code
    if outcome.verdict is Verdict.UNDECIDED:
        print_line(f"{branch.failure.id} is still UNDECIDED: {outcome.reason}")
        return outcome.verdict.exit_code
    print_line(
        f"{branch.failure.id} is {outcome.verdict} now; agent-chaos replay {branch.failure.id} answers for the whole run"
    )
    return ExitCode.OK


def _played(scenario: Scenario, plan: Plan) -> Trace:
    """The plan's run as far as it can be told offline."""
    cassette = open_cassette(scenario.cassette_path)
    index = ExchangeIndex(cassette, Redactor.from_environ(os.environ))
    setup = TrialSetup.of(
        scenario,
        index,
        plan,
    )
    with silence_output():
        return run_trial(setup)


def _missing(trace: Trace) -> int:
    """How many requests of a run the recording has no answer to."""
    # A request that was refused on its way (a tool that was never recorded) is no call of the trace, and
    # takes one all the same.
    return sum(not call.fidelity.full for call in trace.calls) or len(trace.incidents_of("miss"))


def _really_run(trace: Trace) -> list[str]:
    """The tools that go online with the run, since nobody recorded what they give for such arguments."""
    return [f"{run.name}({_given(run.arguments)})" for run in trace.tools if run.effect == "nearest"]


def _given(arguments: object) -> str:
    if not isinstance(arguments, dict):
        return repr(arguments)
    return ", ".join(f"{name}={value!r}" for name, value in arguments.items())


def _ask(what: str, *, yes: bool) -> None:
    if yes:
        print_line(what)
        return
    # In CI nobody answers, and a prompt would wait until the job is killed.
    if not sys.stdin.isatty():
        raise UsageError(f"{what}; say --yes where nobody can be asked")
    if not typer.confirm(f"{what}. Go online?"):
        raise UsageError("nothing was asked of the provider, and nothing recorded: the answer was no")
