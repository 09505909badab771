"""`agent-chaos run`: runs scenarios with the chaos they configure, offline, and checks their assertions."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from agent_chaos.chaos.trigger import Trigger
from agent_chaos.commands.output import silence_output
from agent_chaos.commands.prepare import tell_skipped
from agent_chaos.commands.run_one import RunEnd, Wanted, one_by_one, side_by_side
from agent_chaos.files import from_json_text
from agent_chaos.patch.install import online
from agent_chaos.patch.network_namespace import isolate_if_put_off
from agent_chaos.record.auto_record import say_first, unrecorded
from agent_chaos.report.event import Ended, Failed, Planned, Ran, Started
from agent_chaos.report.exit import combined
from agent_chaos.report.open_reports import open_reports
from agent_chaos.report.printable import clipped, count
from agent_chaos.report.reporter import USUAL, Reporter
from agent_chaos.results.run_report import RunReport
from agent_chaos.run.run import write_files
from agent_chaos.scenario.folders import run_folder
from agent_chaos.scenario.imports import forget
from agent_chaos.scenario.loader import Loaded
from agent_chaos.scenario.model import Scenario


def run(
    wanted: Wanted,
    *,
    workers: int,
    fail_fast: bool,
    dry_run: bool,
    offline: bool,
    artifacts_dir: Path,
    reports: Sequence[str] = (),
) -> int:
    """Runs every scenario of the targets, variants too; one that cannot run does not keep the others from it.

    What has no recording yet is recorded first, where that may be; then, unless it is to be live, the process is cut
    off from the network.

    Args:
        workers: processes to run them in; 0 for one per core.
    """
    broken: list[int] = []
    every = wanted.load(broken)
    reporter = open_reports(reports, USUAL)
    reporter.tell(Started(command="run", items=len(every)))
    if dry_run:
        for one in every:
            reporter.tell(_planned(one.scenario))
        reporter.tell(Ended(exit_code=0))
        return 0
    if not offline and not wanted.live:
        every = _recorded_first(every, wanted)
    if not wanted.live:
        isolate_if_put_off()
    folder = run_folder(artifacts_dir, "run")
    many = min(workers or os.cpu_count() or 1, len(every))
    # Not processes for a single scenario: each has to import the agent first.
    results = side_by_side(wanted, every, many) if many > 1 else one_by_one(wanted, every)
    codes: list[int] = []
    # `--fail-fast` leaves the generator in the middle; closed, it cancels what its pool has not begun.
    with closing(results):
        for done in results:
            codes.append(_told(done, folder, reporter))
            if codes[-1] and fail_fast:
                break
    code = combined([*broken, *codes])
    tell_skipped(reporter, len(broken))
    reporter.tell(Ended(exit_code=code, text=_summary(len(codes), len(every), codes.count(0), folder)))
    return code


def _recorded_first(every: list[Loaded], wanted: Wanted) -> list[Loaded]:
    """The scenarios once those without a recording have one; `fuzz_chaos` draws from it, so that they are loaded again."""
    missing = unrecorded(one.scenario for one in every)
    if not missing:
        return every
    for scenario in missing:
        say_first(scenario)
    refs = [one.ref for one in every if any(one.scenario is scenario for scenario in missing)]
    with online():  # in a process of its own: here, clients were made offline, without proxies and keys
        subprocess.run([sys.executable, "-m", "agent_chaos", "record", *refs], check=False)
    forget()
    with silence_output(), warnings.catch_warnings(action="ignore"):
        return wanted.load([])


def _told(done: RunEnd, folder: Path, reporter: Reporter) -> int:
    if done.error:
        reporter.tell(Failed(name="", error=done.error, exit_code=done.exit_code))
        return done.exit_code
    write_files(folder, done.files)
    report = from_json_text(RunReport, done.report)
    reporter.tell(Ran(report=report, exit_code=report.verdict.exit_code))
    return report.verdict.exit_code


def _planned(scenario: Scenario) -> Planned:
    """What a run would do: each fault with its turn and that turn's input."""
    faults = []
    for chaos in scenario.every_chaos:
        turn = _resolved_turn(chaos.trigger)
        where = "any turn" if turn is None else f"turn {turn}: {_input(scenario, turn)}"
        faults.append(f"{chaos}  in {where}")
    return Planned(scenario=scenario.name, turns=len(scenario.turns), faults=tuple(faults))


def _resolved_turn(trigger: Trigger) -> int | None:
    """The one turn in which a trigger can hold; None where there may be several."""
    return trigger.between_turns[1] if trigger.between_turns else trigger.on_turn


def _input(scenario: Scenario, turn: int) -> str:
    text = scenario.turns[turn].input
    return f"“{clipped(text, 80)}”" if isinstance(text, str) else "(made from the turns before)"


def _summary(ran: int, of: int, passed: int, folder: Path) -> str:
    left = f", {of - ran} not run" if ran < of else ""
    where = f"; artefacts in {folder}" if folder.exists() else ""
    return f"{count(ran, 'scenario')}: {passed} passed, {ran - passed} did not{left}{where}"
