"""`agent-chaos shrink`: makes stored failures, or any failing plan, as small as they get, and stores what came out."""

from __future__ import annotations

from pathlib import Path

from rich.text import Text

from agent_chaos.commands import failure_store
from agent_chaos.commands.output import complain, hushed
from agent_chaos.commands.prepare import Stage, scenarios
from agent_chaos.errors import AgentChaosError, PlanError, UsageError
from agent_chaos.faults.plan import Plan
from agent_chaos.report.exit import combined
from agent_chaos.report.finding import smallness
from agent_chaos.report.printable import count, printable
from agent_chaos.report.terminal import console
from agent_chaos.search.campaign import Failure
from agent_chaos.search.corpus.stored import Corpus, failure_of
from agent_chaos.search.shrink import Shrunk
from agent_chaos.search.shrink import shrink as shrunk_plan

_STALE = 3


def shrink(names: list[str], *, allow_real_tools: bool) -> int:
    """Shrinks the named failures, or all. Raises UsageError where none is stored."""
    failures = [failure_store.named(name) for name in names] if names else failure_store.every()
    if not failures:
        raise UsageError("no failure is stored in .agent_chaos/; agent-chaos fuzz finds them")
    stage = Stage(allow_real_tools=allow_real_tools)
    return combined(_one(failure, stage) for failure in failures)


def shrink_plan(targets: list[str], file: Path, *, allow_real_tools: bool) -> int:
    """Runs a scenario under the plan of a file, and shrinks every failure that this shows.

    Raises UsageError for a file that holds no plan, and unless the targets are one scenario.
    """
    plan = _plan(file)
    found = scenarios(targets) if targets else []
    if len(found) != 1:
        told = ", ".join(printable(one.ref) for one in found) or "none"
        raise UsageError(f"--plan is for one scenario; expected its file before it, got {told}")
    stage = Stage(allow_real_tools=allow_real_tools)
    rehearsal = stage.rehearsed(found[0])
    outcome = stage.trial(rehearsal, plan)
    if not outcome.violations:
        why = f": {outcome.reason}" if outcome.reason else ""
        raise UsageError(
            f"{file}: {rehearsal.name} does not fail under this plan ({outcome.verdict.value.upper()}{why})"
        )
    distinct = {violation.fingerprint: violation for violation in outcome.violations}
    failures = [
        failure_of(rehearsal, one, plan, seed=0, smallest=False, checks=0) for one in distinct.values()
    ]
    return combined([_one(failure, stage) for failure in failures])


def _plan(file: Path) -> Plan:
    try:
        return Plan.from_json(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as exc:
        raise UsageError(f"{file}: cannot be read ({exc}); expected a plan as JSON") from None
    except PlanError as exc:
        raise UsageError(f"{file}: {exc}") from None


def _one(failure: Failure, stage: Stage) -> int:
    try:
        rehearsal = stage.of_failure(failure)
        with hushed():
            found = shrunk_plan(rehearsal, failure.plan, failure.fingerprint)
        if failure.fingerprint not in found.outcome.fingerprints:
            _say(failure, f"does not fail any more; see agent-chaos replay {failure.id}")
            return _STALE
        violation = next(v for v in found.outcome.violations if v.fingerprint == failure.fingerprint)
        smaller = failure_of(
            rehearsal,
            violation,
            found.plan,
            seed=failure.seed,
            smallest=found.smallest,
            checks=found.checks,
            runs_seen=failure.runs_seen,
        )
        Corpus().save(smaller)
    except AgentChaosError as exc:
        complain(f"{failure.id}: {exc}")
        return exc.exit_code
    _say(failure, _outcome(failure, smaller, found))
    return 0


def _outcome(failure: Failure, smaller: Failure, found: Shrunk) -> str:
    before, after = len(failure.plan), len(smaller.plan)
    change = f"{count(before, 'fault')} -> {after}" if before != after else count(after, "fault")
    return f"{change}, {smallness(smaller)}, {count(found.runs, 'run')}\n  {smaller.plan}"


def _say(failure: Failure, text: str) -> None:
    head, _, rest = text.partition("\n")
    console().print(Text(printable(f"{failure.id}  {failure.scenario}  {head}")), soft_wrap=True)
    if rest:
        console().print(Text("  " + printable(rest.strip())), soft_wrap=True)
