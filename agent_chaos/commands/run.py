"""`agent-chaos run`: runs scenarios with the chaos they configure, offline, and checks their assertions."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from contextlib import closing
from pathlib import Path

from rich.text import Text

from agent_chaos.chaos.trigger import Trigger
from agent_chaos.commands.output import complain, hushed
from agent_chaos.commands.run_one import RunEnd, Wanted, one_by_one, side_by_side
from agent_chaos.oracles.verdict import Verdict
from agent_chaos.patch.guard import isolate_if_put_off
from agent_chaos.patch.install import online
from agent_chaos.record.auto_record import say_first, unrecorded
from agent_chaos.report.exit import combined
from agent_chaos.report.printable import clipped, count, printable, seconds
from agent_chaos.report.terminal import console
from agent_chaos.results.run_report import RunReport
from agent_chaos.run.run import write_files
from agent_chaos.scenario.folders import run_folder
from agent_chaos.scenario.imports import forget
from agent_chaos.scenario.loader import Loaded
from agent_chaos.scenario.model import Scenario

_STYLES = {0: "bold green", 1: "bold red", 3: "bold yellow", 5: "bold red"}


def run(
    wanted: Wanted, *, workers: int, fail_fast: bool, dry_run: bool, offline: bool, artifacts_dir: Path
) -> int:
    """Runs every scenario of the targets, variants too; one that cannot run does not keep the others from it.

    What has no recording yet is recorded first, where that may be; then, unless it is to be live, the process is cut
    off from the network.

    Args:
        workers: processes to run them in; 0 for one per core.
    """
    every = wanted.load()
    if dry_run:
        for one in every:
            _planned(one.scenario)
        return 0
    if not offline and not wanted.live:
        every = _recorded_first(every, wanted)
    if not wanted.live:
        isolate_if_put_off()
    folder = run_folder(artifacts_dir, "run")
    many = min(workers or os.cpu_count() or 1, len(every))
    results = side_by_side(wanted, every, many) if many > 1 else one_by_one(wanted, every)
    codes: list[int] = []
    with closing(results):
        for done in results:
            codes.append(_told(done, folder))
            if codes[-1] and fail_fast:
                break
    _summary(len(codes), len(every), codes.count(0), folder)
    return combined(codes)


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
    with hushed(), warnings.catch_warnings(action="ignore"):
        return wanted.load()


def _told(done: RunEnd, folder: Path) -> int:
    if done.error:
        complain(done.error)
        return done.exit_code
    write_files(folder, done.files)
    report = RunReport.model_validate_json(done.report)
    _say(report)
    return report.verdict.exit_code


def _say(report: RunReport) -> None:
    out, code = console(), report.verdict.exit_code
    figures = f"{count(report.llm_calls, 'call')}, {seconds(report.elapsed_s)} virtual"
    line = Text.assemble(
        printable(report.scenario_name), "  ", (report.verdict, _STYLES[code]), f"  {figures}"
    )
    out.print(line, soft_wrap=True)
    for fired in report.faults_fired:
        out.print(Text(f"  ▲ {printable(fired)}", "yellow"), soft_wrap=True)
    for result in report.assertion_results:
        mark, style = ("✓", "green") if result.passed else ("✗", "red")
        turn = "" if result.turn is None else f" (turn {result.turn})"
        out.print(
            Text(f"  {mark} {printable(result.name)}{turn}: {clipped(result.message, 400)}", style),
            soft_wrap=True,
        )
    if report.error:
        out.print(Text(f"  raised {clipped(report.error, 400)}"), soft_wrap=True)
    failed = (f"{one.name}: {one.message}" for one in report.assertion_results if not one.passed)
    if report.reason and report.reason != "; ".join(failed):
        out.print(Text(f"  {clipped(report.reason, 400)}"), soft_wrap=True)
    for told in report.unfired if report.verdict != Verdict.NOT_TESTED else ():
        out.print(Text(f"  {clipped(told, 400)}", "dim"), soft_wrap=True)
    for violation in report.violations if report.assertion_results else ():
        out.print(
            Text(f"  ! {violation.oracle.replace('_', ' ')}: {clipped(violation.reason, 200)}", "dim"),
            soft_wrap=True,
        )


def _planned(scenario: Scenario) -> None:
    """What a run would do: each fault with its turn and that turn's input."""
    out = console()
    out.print(Text(f"{printable(scenario.name)}: {count(len(scenario.turns), 'turn')}", "bold"))
    for chaos in scenario.every_chaos:
        turn = _resolved_turn(chaos.trigger)
        where = "any turn" if turn is None else f"turn {turn}: {_input(scenario, turn)}"
        out.print(Text(f"  {printable(str(chaos))}  in {where}"), soft_wrap=True)


def _resolved_turn(trigger: Trigger) -> int | None:
    """The one turn in which a trigger can hold; None where there may be several."""
    return trigger.between_turns[1] if trigger.between_turns else trigger.on_turn


def _input(scenario: Scenario, turn: int) -> str:
    text = scenario.turns[turn].input
    return f"“{clipped(text, 80)}”" if isinstance(text, str) else "(made from the turns before)"


def _summary(ran: int, of: int, passed: int, folder: Path) -> None:
    left = f", {of - ran} not run" if ran < of else ""
    where = f"; artefacts in {folder}" if folder.exists() else ""
    line = f"{count(ran, 'scenario')}: {passed} passed, {ran - passed} did not{left}{where}"
    console().print(Text(line, "bold" if passed == ran else "bold red"), soft_wrap=True)
