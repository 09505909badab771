"""`agent-chaos run`: runs scenarios with the chaos they configure, offline, and checks their assertions."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from rich.text import Text

from agent_chaos.commands.ready import Stage, loaded_scenarios
from agent_chaos.commands.speak import complain, hushed
from agent_chaos.errors import AgentChaosError
from agent_chaos.oracles.verdict import Verdict
from agent_chaos.report.exit import combined
from agent_chaos.report.printable import clipped, count, printable, seconds
from agent_chaos.report.terminal import console
from agent_chaos.scenario.loader import Loaded
from agent_chaos.scenario.model import Scenario
from agent_chaos.scenario.run import keep, run_rehearsed
from agent_chaos.scenario.run_report import RunReport

_CODES = {
    Verdict.PASS.words: 0,
    Verdict.FAIL.words: 1,
    Verdict.INCONCLUSIVE.words: 3,
    Verdict.VACUOUS.words: 3,
    Verdict.ERROR.words: 5,
}
_STYLES = {0: "bold green", 1: "bold red", 3: "bold yellow", 5: "bold red"}


def run(
    targets: list[str],
    *,
    seed: int | None,
    fail_fast: bool,
    dry_run: bool,
    recursive: bool,
    glob: str,
    artifacts_dir: Path,
    allow_real_tools: bool,
) -> int:
    """Runs every scenario of the targets, variants too; one that cannot run does not keep the others from it."""
    every = loaded_scenarios(targets, recursive=recursive, glob=glob, variants=True)
    if dry_run:
        for one in every:
            _planned(one.scenario)
        return 0
    folder = artifacts_dir / f"{datetime.now():%Y%m%d-%H%M%S}-run"
    stage, codes, passed = Stage(allow_real_tools=allow_real_tools), [], 0
    for one in every:
        code = _one(one, stage, seed, folder)
        codes.append(code)
        passed += code == 0
        if code and fail_fast:
            break
    _summary(len(codes), len(every), passed, folder)
    return combined(codes)


def _one(loaded: Loaded, stage: Stage, seed: int | None, folder: Path) -> int:
    try:
        rehearsal = stage.rehearsed(loaded)
        with hushed():
            report = run_rehearsed(rehearsal, seed=seed)
    except AgentChaosError as exc:
        complain(exc)
        return exc.exit_code
    keep(report, folder)
    _say(report)
    return _CODES[report.verdict]


def _say(report: RunReport) -> None:
    out, code = console(), _CODES[report.verdict]
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
            Text(f"  {mark} {printable(result.name)}{turn}: {clipped(result.message, 200)}", style),
            soft_wrap=True,
        )
    if report.reason and all(result.passed for result in report.assertion_results):
        out.print(Text(f"  {clipped(report.reason, 400)}"), soft_wrap=True)
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
        turn = chaos.trigger.on_turn
        where = "any turn" if turn is None else f"turn {turn}: {_input(scenario, turn)}"
        out.print(Text(f"  {printable(str(chaos))}  in {where}"), soft_wrap=True)


def _input(scenario: Scenario, turn: int) -> str:
    text = scenario.turns[turn].input
    return f"“{clipped(text, 80)}”" if isinstance(text, str) else "(made from the turns before)"


def _summary(ran: int, of: int, passed: int, folder: Path) -> None:
    left = f", {of - ran} not run" if ran < of else ""
    line = f"{count(ran, 'scenario')}: {passed} passed, {ran - passed} did not{left}; artefacts in {folder}"
    console().print(Text(line, "bold" if passed == ran else "bold red"), soft_wrap=True)
