"""The report people read: a live line while a search runs, then every failure, then the figures in one line."""

from __future__ import annotations

import re
import sys

from rich.console import Console, RenderableType
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from agent_chaos.errors import AgentChaosError
from agent_chaos.report import figures
from agent_chaos.report.coverage import covered
from agent_chaos.report.finding import view
from agent_chaos.report.printable import count, printable
from agent_chaos.search.campaign import Campaign, Figures
from agent_chaos.search.campaign import Progress as Step

_PHASES = {
    "clean": "running clean",
    "corpus": "stored failures",
    "search": "searching",
    "shrink": "shrinking",
}
_REDRAW_S = 0.1
_PADDING = re.compile(r" +(?=\n)")


def console(*, stderr: bool = False) -> Console:
    """A console that takes nothing in its text for markup, links or emoji, and keeps to NO_COLOR."""
    file = sys.stderr if stderr else sys.stdout
    return Console(file=file, markup=False, highlight=False, emoji=False, soft_wrap=False)


def put(out: Console, part: RenderableType) -> None:
    """Prints without the padding that tables leave at line ends; a Text that must not wrap is left whole."""
    whole = isinstance(part, Text) and part.no_wrap is True
    with out.capture() as captured:
        out.print(part, soft_wrap=whole, crop=not whole)
    out.file.write(_PADDING.sub("", captured.get()))


class TerminalReporter:
    """Writes to a console; animates only on a terminal. With `coverage` it shows what was covered of each fault."""

    def __init__(self, out: Console, *, coverage: bool = False) -> None:
        self._out = out
        self._coverage = coverage
        self._campaigns: list[Campaign] = []
        self._live: Progress | None = None
        self._drawn_s = -1.0
        self._distinct = 0

    def start(self, scenario: str, *, max_examples: int | None, seed: int) -> None:
        effort = f"up to {count(max_examples, 'example')}" if max_examples else "as many examples as it takes"
        self._out.print(Text.assemble((printable(scenario), "bold"), f": {effort}, seed {seed}"))
        if self._out.is_terminal:
            self._live = _progress(self._out)
            self._live.add_task("", total=max_examples, rate="", found="")
            self._live.start()

    def progress(self, progress: Step) -> None:
        self._found(progress)
        if self._live is None or 0 <= progress.seconds - self._drawn_s < _REDRAW_S:
            return
        self._drawn_s = progress.seconds
        rate = progress.done / progress.seconds if progress.seconds else 0.0
        self._live.update(
            self._live.task_ids[0],
            description=_PHASES[progress.phase],
            completed=progress.done,
            total=progress.total,
            rate=f"{rate:.0f} examples/s",
            found=f"{count(progress.failures, 'failure')} ({len(progress.found)} distinct)",
        )
        self._live.refresh()

    def _found(self, progress: Step) -> None:
        for fingerprint in progress.found[self._distinct :]:
            self._distinct += 1
            line = Text.assemble((_when(progress), "dim"), (_fingerprint(fingerprint), "red"))
            self._out.print(line, no_wrap=True, overflow="ellipsis")

    def finish(self, campaign: Campaign, notes: tuple[str, ...] = ()) -> None:
        self._clear()
        self._campaigns.append(campaign)
        for finding in campaign.findings:
            for part in view(finding, campaign.clean, self._out.width):
                put(self._out, part)
        self._out.print()
        if len(campaign.findings) > 1:
            put(self._out, _gathered(campaign))
            self._out.print()
        if self._coverage:
            put(self._out, covered(campaign.coverage))
            self._out.print()
        put(self._out, _ending(campaign, notes))
        if shown := figures.conclusion(campaign):
            self._out.print(Text(shown, "bold"), soft_wrap=True)
        self._summary(figures.summary(campaign.figures, campaign.tools_run_for_real), campaign.figures)

    def stop(self, scenario: str, error: AgentChaosError) -> None:
        self._clear()

    def close(self, exit_code: int) -> None:
        self._clear()
        if len(self._campaigns) > 1:
            self._out.print()
            self._out.print(Text(count(len(self._campaigns), "scenario"), "bold"))
            self._summary(figures.total(self._campaigns), *(campaign.figures for campaign in self._campaigns))

    def _summary(self, line: str, *counted: Figures) -> None:
        failed = any(one.distinct or one.errors or (one.failures and not one.accepted) for one in counted)
        self._out.print(Text(line, "bold red" if failed else "bold"), soft_wrap=True)

    def _clear(self) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None
        self._drawn_s, self._distinct = -1.0, 0


def _fingerprint(text: str) -> str:
    oracle, _, subject = text.partition(":")
    return f"{oracle.replace('_', ' ')}: {printable(subject)}"


def _when(progress: Step) -> str:
    stage = {"corpus": "stored", "shrink": "shrinking"}.get(progress.phase, f"example {progress.done:,}")
    return f"  {progress.seconds:>4.1f} s  {stage:<13}"


def _progress(out: Console) -> Progress:
    """A bar that is drawn by `refresh` alone: a thread of its own would be seen by the trials."""
    columns = (
        TextColumn("  {task.description:<15}", markup=False),
        BarColumn(bar_width=20),
        TextColumn("{task.completed}/{task.total}  {task.fields[rate]}  {task.fields[found]}", markup=False),
    )
    return Progress(
        *columns,
        console=out,
        transient=True,
        auto_refresh=False,
        redirect_stdout=False,
        redirect_stderr=False,
    )


def _gathered(campaign: Campaign) -> Table:
    """All failures once more, a line each: what scrolled away is still to be seen."""
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True, style="bold red")
    table.add_column(overflow="fold")
    for finding in campaign.findings:
        failure = finding.failure
        title = Text(_fingerprint(failure.fingerprint))
        plan = Text(printable("; ".join(str(placed) for placed in failure.plan.faults)), "dim")
        table.add_row(failure.id, Text("\n").join([title, plan]))
    return table


def _ending(campaign: Campaign, notes: tuple[str, ...]) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True, style="dim")
    table.add_column(overflow="fold")
    numbers = campaign.figures
    rows = [
        ("Interrupted", "the figures are of the part that ran" if campaign.interrupted else ""),
        ("Harness", printable(campaign.first_error)),
        ("Accepted", figures.accepted(campaign.accepted)),
        ("Expired", figures.expired(campaign.expired)),
        ("Pace", figures.pace(numbers)),
        ("Covered", figures.space(numbers)),
        ("Not run", figures.not_run(numbers) if campaign.until_covered else ""),
        ("Fired", figures.fired(numbers)),
        ("No site", figures.no_site(numbers)),
        ("Also run", figures.other_runs(numbers)),
        ("Warnings", "\n".join(figures.warnings(campaign.warnings))),
        ("Undecided", "\n".join(figures.undecided(campaign.undecided_reasons, campaign.undecided_plans))),
        ("Noticed", "\n".join(printable(note) for note in notes)),
    ]
    for label, text in rows:
        if text:
            table.add_row(label, Text(text))
    return table
