"""Runs a scenario once, offline from its cassette, and says how it went."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from agent_chaos.events.sink import EventSink, ListSink, as_line
from agent_chaos.faults.plan import Plan
from agent_chaos.files import write_text
from agent_chaos.oracles.judge import broken
from agent_chaos.oracles.reading.turns import left_recording_at
from agent_chaos.oracles.verdict import Outcome, Verdict
from agent_chaos.record.auto_record import record_first, unrecorded
from agent_chaos.record.branch import branches
from agent_chaos.results.context import ChaosContext
from agent_chaos.results.metrics import MetricsStore
from agent_chaos.results.run_report import RunReport
from agent_chaos.results.turn_result import AssertionResult, TurnResult
from agent_chaos.run.build_report import reported, turn_results
from agent_chaos.run.emit_events import narrate
from agent_chaos.scenario.assertions import checked
from agent_chaos.scenario.imports import loading
from agent_chaos.scenario.model import ChaosScenario, Scenario
from agent_chaos.trace.trace import Trace
from agent_chaos.trial.compute_metrics import measured
from agent_chaos.trial.injector import ChaosInjector
from agent_chaos.trial.rehearsal import Rehearsal


def run_scenario(
    scenario: Scenario,
    *,
    artifacts_dir: str | Path | None = None,
    seed: int | None = None,
    record_events: bool = True,
    plan: Plan | None = None,
    allow_real_tools: bool = False,
) -> RunReport:
    """Runs a scenario from its cassette with the chaos it configures, and under a plan where one is given.

    Its assertions decide; where it has none, or runs under a plan, the oracles do. Called while a command loads the
    file it stands in, it runs nothing, warns, and gives a report that says so. A scenario without a recording is first
    run once, live, to make it, where a provider's key is set and this is not CI.

    Args:
        artifacts_dir: a folder that gets one of its own for this run, with `report.json`, `scorecard.json` and
            `events.jsonl`.
        seed: of the chance behind `with_probability`; the recording's own without one.
        record_events: whether `events.jsonl` is written.

    Raises:
        CassetteMissing: it was never recorded, and cannot be now.
        HarnessError, NondeterministicError: the run without faults is not sound.
        UsageError: the recorded model calls tools that would run for real.
    """
    if loading():
        return _not_run(scenario)
    for one in unrecorded([scenario]):
        record_first(one)
    target = f"{_file(sys._getframe(1))}:{scenario.name}"
    rehearsal = Rehearsal(scenario, target=target, allow_real_tools=allow_real_tools)
    rehearsal.refuse_real_tools()
    done = run_rehearsed(rehearsal, seed=seed, plan=plan)
    if artifacts_dir is not None:
        keep(done, Path(artifacts_dir), events=record_events)
    return done.report


def _file(caller: FrameType) -> str:
    """The file that calls, as people would type it: where its scenario most likely stands."""
    file = Path(caller.f_code.co_filename)
    return os.path.relpath(file) if file.is_file() else "FILE.py"


def _not_run(scenario: Scenario) -> RunReport:
    why = "not run: its file was only loaded; put run_scenario(...) below `if __name__ == '__main__':`"
    warnings.warn(f"{scenario.name} is {why}", RuntimeWarning, stacklevel=3)
    return RunReport(
        scenario_name=scenario.name, passed=False, verdict=Verdict.VACUOUS.words, reason=why, elapsed_s=0.0
    )


@dataclass(frozen=True)
class Ran:
    """A run: its report, its trace, and when it started on its own clock, in seconds since the epoch."""

    report: RunReport
    trace: Trace
    started_at: float

    def tell(self, sink: EventSink) -> Exception | None:
        """Sends the run's events to a sink; gives what the sink raised, if it did."""
        return narrate(self.report, self.trace, sink, started_at=self.started_at)


def run_rehearsed(rehearsal: Rehearsal, *, seed: int | None = None, plan: Plan | None = None) -> Ran:
    """As `run_scenario`, for a scenario that is ready for trials."""
    scenario = rehearsal.scenario
    chance = scenario.chance(rehearsal.cassette.header.seed if seed is None else seed)
    injector = ChaosInjector(scenario.every_chaos, chance)
    outcome = rehearsal.trial(plan or Plan(), injector)
    started_at = rehearsal.cassette.header.started_at
    seeded = seed is not None and any(one.trigger.probability for one in scenario.every_chaos)
    target = f"{rehearsal.target} --seed {seed}" if seeded else rehearsal.target
    return ran(scenario, outcome, injector, started_at, planned=plan is not None, target=target)


def ran(
    scenario: Scenario,
    outcome: Outcome,
    injector: ChaosInjector,
    started_at: float,
    *,
    planned: bool = False,
    target: str = "",
) -> Ran:
    """What came of a run that is over, with its assertions checked; `target` is how people name the scenario."""
    metrics = measured(outcome.trace, injector)
    turns = turn_results(outcome.trace, metrics, scenario)
    context = _context(injector, outcome.trace, metrics, turns)
    results = tuple(checked(one, context, turn) for one, turn in scenario.every_assertion)
    context.over(metrics, _with_results(turns, scenario, results))
    judged = _by_oracles(outcome, planned=planned, asserted=bool(results))
    verdict, reason = judged or _verdict(scenario, outcome.trace, results, injector, context)
    if verdict is Verdict.INCONCLUSIVE and branches(scenario):
        how = (
            f"'agent-chaos record {target}'"
            if target
            else "'agent-chaos record' of a scenario, not of a block"
        )
        reason = f"{reason}; what the model says there is recorded by {how}"
    report = reported(scenario, outcome, verdict, reason, context, results, injector)
    return Ran(report, outcome.trace, started_at)


def keep(done: Ran, folder: Path, *, events: bool = True) -> Path:
    """Writes a run's files; gives the folder they are in. Raises UsageError where it cannot."""
    return write_files(folder, artefacts(done, events=events))


def artefacts(done: Ran, *, events: bool = True) -> dict[str, str]:
    """A run's files by their path below the folder of all runs: same run, same bytes."""
    report = done.report
    own = f"{report.scenario_name}-{report.trace_id}"
    files = {"report.json": report.to_json(), "scorecard.json": report.scorecard_json()}
    if events:
        told = ListSink()
        failure = done.tell(told)
        assert failure is None, f"a list takes every event: {failure}"
        files["events.jsonl"] = "".join(f"{as_line(event)}\n" for event in told.events)
    return {f"{own}/{name}": text for name, text in files.items()}


def write_files(folder: Path, files: Mapping[str, str]) -> Path:
    """Writes a run's artefacts; gives the folder of this run. Raises UsageError where it cannot."""
    for name, text in files.items():
        write_text(folder / name, text)
    return folder / next(iter(files)).partition("/")[0]


def _context(
    injector: ChaosInjector, trace: Trace, metrics: MetricsStore, turns: tuple[TurnResult, ...]
) -> ChaosContext:
    context: ChaosContext = injector.context
    raised = trace.raised[-1] if trace.raised else None
    context.over(metrics, turns)
    context.elapsed_s = trace.virtual_s
    context.unfired = tuple(injector.unfired())
    context.error = f"{raised.type}: {raised.message}" if raised else None
    context.agent_input = turns[0].input if turns else None
    context.agent_output = trace.answers[-1].text if trace.answers else None
    return context


def _with_results(
    turns: tuple[TurnResult, ...], scenario: Scenario, results: tuple[AssertionResult, ...]
) -> list[TurnResult]:
    """The turns, each with the results of the assertions that stand in it."""
    whose = [turn for _, turn in scenario.every_assertion]
    return [
        one.model_copy(
            update={
                "assertion_results": tuple(
                    result for result, turn in zip(results, whose, strict=True) if turn == one.turn_number
                )
            }
        )
        for one in turns
    ]


def _by_oracles(outcome: Outcome, *, planned: bool, asserted: bool) -> tuple[Verdict, str] | None:
    """The oracles' verdict where it decides: under a plan, and where they object and nothing is asserted."""
    if outcome.verdict is Verdict.FAIL and (planned or not asserted):
        return Verdict.FAIL, "; ".join(one.reason for one in outcome.violations if one.severity == "error")
    return (outcome.verdict, outcome.reason) if planned and outcome.verdict is not Verdict.PASS else None


def _verdict(
    scenario: Scenario,
    trace: Trace,
    results: tuple[AssertionResult, ...],
    injector: ChaosInjector,
    context: ChaosContext,
) -> tuple[Verdict, str]:
    """ERROR > FAIL > UNDECIDED > NOT TESTED > PASS; what follows after the recording was left decides nothing."""
    if problem := broken(trace, faulted=bool(scenario.every_chaos)):
        return Verdict.ERROR, problem
    failed = [one for one in results if not one.passed]
    forgiven = any(getattr(one, "allows_error", False) for one, _ in scenario.every_assertion)
    raised = trace.raised[-1] if trace.raised else None
    left = left_recording_at(trace)
    early = raised is not None and (trace.left_at is None or raised.seq < trace.left_at)
    if left and not (early and not forgiven):
        return Verdict.INCONCLUSIVE, left
    if raised is not None and not forgiven:
        return Verdict.FAIL, f"turn {raised.turn} failed: {context.error}"
    if failed:
        return Verdict.FAIL, "; ".join(f"{one.name}: {one.message}" for one in failed)
    if unfired := _unfired(scenario, injector):
        return Verdict.VACUOUS, "; ".join(unfired)
    return Verdict.PASS, ""


def _unfired(scenario: Scenario, injector: ChaosInjector) -> list[str]:
    allowed = isinstance(scenario, ChaosScenario) and scenario.allow_unfired
    return [] if allowed else injector.unfired()
