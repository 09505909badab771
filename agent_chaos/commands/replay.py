"""`agent-chaos replay`: runs recordings without faults, and stored failures under their plans; one line each."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from rich.text import Text

from agent_chaos.commands import failure_store
from agent_chaos.commands.output import complain, hushed
from agent_chaos.commands.prepare import Stage, scenarios
from agent_chaos.commands.recheck import Standing, Stands, stands
from agent_chaos.commands.settings import baseline
from agent_chaos.errors import AgentChaosError, CassetteMissing, ExitCode
from agent_chaos.oracles.verdict import Outcome, Verdict
from agent_chaos.report.exit import combined
from agent_chaos.report.finding import view
from agent_chaos.report.printable import count, printable, seconds
from agent_chaos.report.terminal import console, put
from agent_chaos.scenario.loader import DEFAULT_TARGET, Loaded
from agent_chaos.search.campaign import Failure, Finding, UndecidedPlan
from agent_chaos.search.corpus.accepted import NOTHING, Baseline
from agent_chaos.trace.trace import Trace

_COLOURS: dict[Standing | Verdict, str] = {
    Verdict.PASS: "bold green",
    Verdict.FAIL: "bold red",
    Verdict.UNDECIDED: "bold yellow",
    Verdict.NOT_TESTED: "bold yellow",
    Verdict.UNSTABLE: "bold red",
    Verdict.HARNESS_ERROR: "bold red",
    Standing.STILL_FAILS: "bold red",
    Standing.ACCEPTED: "yellow",
    Standing.CHANGED: "bold yellow",
    Standing.FIXED: "bold green",
    Standing.STALE: "bold yellow",
    Standing.BROKEN: "bold red",
}


def replay(what: list[str], *, allow_real_tools: bool) -> int:
    """Replays what is named: targets, stored failures, or without any every cassette and every stored failure."""
    failures = (
        [failure_store.named(one) for one in what if failure_store.is_name(one)]
        if what
        else failure_store.every()
    )
    undecided = [failure_store.undecided(one) for one in what if failure_store.is_undecided_name(one)]
    targets = [
        one for one in what if not failure_store.is_name(one) and not failure_store.is_undecided_name(one)
    ]
    stage = Stage(allow_real_tools=allow_real_tools)
    codes = []
    codes += [_undecided(one, stage) for one in undecided]
    if targets or (not what and (Path(DEFAULT_TARGET).is_dir() or not failures)):
        codes += [_recording(one, stage, bare=not what) for one in scenarios(targets)]
    known = baseline() if failures else NOTHING
    codes += [_failure(failure, stage, known, in_full=bool(what)) for failure in failures]
    return combined(codes)


def _recording(loaded: Loaded, stage: Stage, *, bare: bool) -> int:
    name = loaded.scenario.name
    try:
        rehearsal = stage.rehearsed(loaded)
    except CassetteMissing as exc:
        if bare:
            _say(name, "NOT RECORDED", "bold yellow", str(exc))
            return ExitCode.NOTHING_JUDGED
        complain(exc)
        return exc.exit_code
    except AgentChaosError as exc:
        complain(exc)
        return exc.exit_code
    with hushed():
        outcome = rehearsal.clean_outcome
    changes = rehearsal.changes if outcome.verdict is Verdict.PASS else ()
    word = Standing.CHANGED if changes else outcome.verdict
    said = [outcome.reason, *changes, played(rehearsal.clean)]
    _say(name, word, _COLOURS[word], "; ".join(one for one in said if one))
    return outcome.verdict.exit_code


def played(clean: Trace) -> str:
    """How well a run without faults matched its recording: `4 calls exact, 3 s virtual`."""
    rungs = Counter(call.fidelity for call in clean.calls)
    parts = [f"{count(number, 'call')} {rung.words}" for rung, number in sorted(rungs.items())]
    return ", ".join([*parts, f"{seconds(clean.virtual_s)} virtual"])


def _failure(failure: Failure, stage: Stage, known: Baseline, *, in_full: bool) -> int:
    """Runs a stored failure; told in full where it was asked for by name."""
    try:
        rehearsal = stage.of_failure(failure)
        outcome = stage.trial(rehearsal, failure.plan)
    except AgentChaosError as exc:
        complain(f"{failure.id}: {exc}")
        return exc.exit_code
    found = stands(failure, outcome, known)
    if in_full and found.standing in (Standing.STILL_FAILS, Standing.ACCEPTED, Standing.CHANGED):
        _in_full(failure, outcome, rehearsal.clean)
    _say(f"{failure.id}  {failure.scenario}", found.standing, _COLOURS[found.standing], _why(failure, found))
    return found.standing.exit_code


def _undecided(plan: UndecidedPlan, stage: Stage) -> int:
    """Runs an undecided plan; after `record --continue` it is judged."""
    try:
        rehearsal = stage.rehearsed(scenarios([plan.target])[0])
        outcome = stage.trial(rehearsal, plan.plan)
    except AgentChaosError as exc:
        complain(f"{plan.id}: {exc}")
        return exc.exit_code
    why = f"passes under {plan.plan}" if outcome.verdict is Verdict.PASS else outcome.reason
    _say(f"{plan.id}  {plan.scenario}", outcome.verdict, _COLOURS[outcome.verdict], why)
    return outcome.verdict.exit_code


def _why(failure: Failure, found: Stands) -> str:
    named = found.standing in (Standing.STILL_FAILS, Standing.ACCEPTED)
    return f"{failure.fingerprint}: {found.why}" if named else found.why


def _in_full(failure: Failure, outcome: Outcome, clean: Trace) -> None:
    out = console()
    same = [one for one in outcome.violations if one.fingerprint == failure.fingerprint]
    now = failure.model_copy(update={"violation": (same or list(outcome.errors))[0]})
    for part in view(Finding(now, outcome), clean, out.width):
        put(out, part)
    out.print()


def _say(name: str, word: str, style: str, rest: str) -> None:
    line = Text.assemble(printable(name), "  ", (word, style), "  ", printable(rest))
    console().print(line, soft_wrap=True)
