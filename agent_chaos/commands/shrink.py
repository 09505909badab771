"""`agent-chaos shrink`: makes stored failures, or any failing plan, as small as they get, and stores what came out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from agent_chaos.commands.failures import failure_store
from agent_chaos.commands.output import silence_output
from agent_chaos.commands.plan_file import plan_of
from agent_chaos.commands.prepare import Rehearsals, scenarios
from agent_chaos.errors import AgentChaosError, ExitCode, UsageError
from agent_chaos.report.build_record import smallness
from agent_chaos.report.event import Ended, Failed, Said, Shrunk, Started
from agent_chaos.report.exit import combined
from agent_chaos.report.open_reports import open_reports
from agent_chaos.report.printable import printable
from agent_chaos.report.reporter import USUAL, Reporter
from agent_chaos.search.corpus.failure_files import Corpus, failure_of
from agent_chaos.search.failure import Failure
from agent_chaos.search.shrink import smallest_plan as shrunk_plan


def shrink(names: list[str], *, allow_real_tools: bool, reports: Sequence[str] = ()) -> int:
    """Shrinks the named failures, or all. Raises UsageError where none is stored."""
    failures = [failure_store.stored_failure(name) for name in names] if names else failure_store.every()
    if not failures:
        raise UsageError("no failure is stored in .agent_chaos/; agent-chaos fuzz finds them")
    return _every(failures, Rehearsals(allow_real_tools=allow_real_tools), reports)


def shrink_plan(
    targets: list[str], file: Path, *, allow_real_tools: bool, reports: Sequence[str] = ()
) -> int:
    """Runs a scenario under the plan of a file, and shrinks every failure that this shows.

    Raises UsageError for a file that holds no plan, and unless the targets are one scenario.
    """
    plan = plan_of(file)
    found = scenarios(targets, []) if targets else []
    if len(found) != 1:
        told = ", ".join(printable(one.ref) for one in found) or "none"
        raise UsageError(f"--plan is for one scenario; expected its file before it, got {told}")
    stage = Rehearsals(allow_real_tools=allow_real_tools)
    rehearsal = stage.rehearsed(found[0])
    outcome = stage.trial(rehearsal, plan)
    # Errors only: what an oracle merely warns of is no failure that could be stored.
    if not outcome.errors:
        why = f": {outcome.reason}" if outcome.reason else ""
        raise UsageError(
            f"{file}: {rehearsal.name} does not fail under this plan ({outcome.verdict.value.upper()}{why})"
        )
    distinct = {violation.fingerprint: violation for violation in outcome.errors}
    failures = [
        failure_of(rehearsal, one, plan, seed=0, smallest=False, checks=0) for one in distinct.values()
    ]
    return _every(failures, stage, reports)


def _every(failures: list[Failure], stage: Rehearsals, reports: Sequence[str]) -> int:
    reporter = open_reports(reports, USUAL)
    reporter.tell(Started(command="shrink", items=len(failures)))
    code = combined([_one(failure, stage, reporter) for failure in failures])
    reporter.tell(Ended(exit_code=code))
    return code


def _one(failure: Failure, stage: Rehearsals, reporter: Reporter) -> int:
    try:
        rehearsal = stage.of_failure(failure)
        with silence_output():
            found = shrunk_plan(rehearsal, failure.plan, failure.fingerprint)
        # Shrinking runs the plan itself first; where that no longer fails there is nothing to make small.
        if failure.fingerprint not in found.outcome.fingerprints:
            gone = f"does not fail any more; see agent-chaos replay {failure.id}"
            reporter.tell(Said(text=f"{failure.id}  {failure.scenario}  {gone}"))
            return ExitCode.NOTHING_JUDGED
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
        reporter.tell(Failed(name=failure.id, error=str(exc), exit_code=exc.exit_code))
        return exc.exit_code
    reporter.tell(
        Shrunk(
            id=failure.id,
            scenario=failure.scenario,
            faults_before=len(failure.plan),
            faults=len(smaller.plan),
            smallness=smallness(smaller),
            runs=found.runs,
            plan=tuple(str(placed) for placed in smaller.plan.faults),
        )
    )
    return 0
