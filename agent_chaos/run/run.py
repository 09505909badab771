"""Runs a scenario once, offline from its cassette, and says how it went."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType

from agent_chaos.events.sink import EventSink, ListSink, as_line
from agent_chaos.faults.plan import Plan
from agent_chaos.files import write_text
from agent_chaos.oracles.judge import judge_asserted
from agent_chaos.oracles.oracle import Violation
from agent_chaos.oracles.verdict import Outcome, Verdict
from agent_chaos.patch.install import offline_environment
from agent_chaos.record.auto_record import record_first, unrecorded
from agent_chaos.record.branch import branches
from agent_chaos.results.run_report import RunReport
from agent_chaos.run.build_report import reported
from agent_chaos.run.emit_events import narrate
from agent_chaos.scenario.imports import loading
from agent_chaos.scenario.model import Scenario
from agent_chaos.trace.trace import Raised, Trace
from agent_chaos.trial.check_assertions import check_assertions, expects_error
from agent_chaos.trial.injector import ChaosInjector
from agent_chaos.trial.rehearsal import Rehearsal, unfired


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

    Its assertions and the oracles decide together, as in `fuzz` and `replay`. Called while a command loads the
    file it stands in, it runs nothing, warns, and gives a report that says so. A scenario without a recording is first
    run once, live, to make it, where a provider's key is set and this is not CI.

    Args:
        artifacts_dir: a folder that gets one of its own for this run, with `report.json`, `scorecard.json` and
            `events.jsonl`.
        seed: of the chance behind `with_probability`; the recording's own without one.
        record_events: whether `events.jsonl` is written.

    Raises:
        CassetteMissing: it was never recorded, and cannot be now.
        HarnessError, UnstableError: the run without faults is not sound.
        UsageError: the recorded model calls tools that would run for real.
    """
    # A file that runs its scenario at its top level would otherwise run it each time that a command looks for
    # scenarios.
    if loading():
        return _not_run(scenario)
    for one in unrecorded([scenario]):
        record_first(one)
    # Depth 1 is whoever calls: a scenario given as an object has no target that advice could name.
    target = f"{_file(sys._getframe(1))}:{scenario.name}"
    with offline_environment():
        rehearsal = Rehearsal(scenario, target=target, allow_real_tools=allow_real_tools)
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
    # Level 3 is the line of the user's file that calls `run_scenario`.
    warnings.warn(f"{scenario.name} is {why}", RuntimeWarning, stacklevel=3)
    return RunReport(
        scenario_name=scenario.name, passed=False, verdict=Verdict.NOT_TESTED, reason=why, elapsed_s=0.0
    )


@dataclass(frozen=True)
class FinishedRun:
    """A run: its report, its trace, and when it started on its own clock, in seconds since the epoch."""

    report: RunReport
    trace: Trace
    started_at: float

    def tell(self, sink: EventSink) -> Exception | None:
        """Sends the run's events to a sink; gives what the sink raised, if it did."""
        return narrate(self.report, self.trace, sink, started_at=self.started_at)


def run_rehearsed(rehearsal: Rehearsal, *, seed: int | None = None, plan: Plan | None = None) -> FinishedRun:
    """As `run_scenario`, for a scenario that is ready for trials."""
    scenario = rehearsal.scenario
    chance = scenario.chance(rehearsal.cassette.header.seed if seed is None else seed)
    injector = ChaosInjector(scenario.every_chaos, chance)
    outcome, checked = rehearsal.run(plan or Plan(), injector)
    # Only where chance decides: elsewhere a seed in the advice would say nothing.
    seeded = seed is not None and any(one.trigger.probability for one in scenario.every_chaos)
    target = f"{rehearsal.target} --seed {seed}" if seeded else rehearsal.target
    if branches(scenario):
        outcome = _with_advice(outcome, f"'agent-chaos record {target}'")
    # After the advice was added, which is part of the reason that the report shows.
    report = reported(scenario, outcome, checked, injector)
    return FinishedRun(report, outcome.trace, rehearsal.cassette.header.started_at)


def judged_alone(scenario: Scenario, trace: Trace, injector: ChaosInjector, started_at: float) -> FinishedRun:
    """What came of a run that has no recording to compare with: its assertions judge, and an error that they do not expect."""
    checked = check_assertions(scenario, trace, injector)
    unexpected = [] if expects_error(scenario) else [_error(one) for one in trace.raised]
    outcome = judge_asserted(
        trace,
        [*checked.violations, *unexpected],
        turns=len(scenario.turns),
        rewritten=injector.rewrites,
        chaos=bool(scenario.every_chaos),
        unfired=unfired(scenario, injector),
    )
    outcome = _with_advice(outcome, "'agent-chaos record' of a scenario, not of a block")
    return FinishedRun(reported(scenario, outcome, checked, injector), trace, started_at)


def _with_advice(outcome: Outcome, how: str) -> Outcome:
    """How to record what was asked besides the recording, where a run that nobody objects to left it."""
    if outcome.verdict not in (Verdict.UNDECIDED, Verdict.PASS) or outcome.trace.left_at is None:
        return outcome
    reason = outcome.reason or "judged as far as recorded"
    return replace(outcome, reason=f"{reason}; what the model says there is recorded by {how}")


def _error(raised: Raised) -> Violation:
    return Violation(
        oracle="error",
        subject=raised.type,
        reason=f"turn {raised.turn} failed: {raised.type}: {raised.message}",
        advice="Assert ExpectError(...) where a run may end so.",
    )


def keep(done: FinishedRun, folder: Path, *, events: bool = True) -> Path:
    """Writes a run's files; gives the folder they are in. Raises UsageError where it cannot."""
    return write_files(folder, artefacts(done, events=events))


def artefacts(done: FinishedRun, *, events: bool = True) -> dict[str, str]:
    """A run's files by their path below the folder of all runs: same run, same bytes."""
    report = done.report
    # By what happened: the same run twice is one folder.
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
