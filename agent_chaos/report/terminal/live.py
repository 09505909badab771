"""Where a search is: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from rich.text import Text

from agent_chaos.oracles.oracle import spoken
from agent_chaos.report.event import Searching, SearchStarted
from agent_chaos.report.printable import count, printable
from agent_chaos.report.reporter import View

_PHASES = {
    "clean": "running clean",
    "corpus": "stored failures",
    "search": "searching",
    "shrink": "shrinking",
}
_REDRAW_S = 0.1
_HEARTBEAT_S = 10.0


class Live:
    """One search at a time: `start`, `progress` after every example, `stop`."""

    def __init__(self, out: Console, view: View) -> None:
        self._out = out
        self._view = view
        self._bar: Progress | None = None
        self._shown_s = 0.0
        self._told = 0

    def start(self, event: SearchStarted) -> None:
        self._shown_s, self._told = 0.0, 0
        if self._out.is_terminal:
            self._bar = _bar(self._out)
            self._bar.add_task("", total=event.max_examples, rate="", found="")
            self._bar.start()

    def progress(self, event: Searching) -> None:
        if self._view.verbosity > 0:
            self._found(event)
        every = _REDRAW_S if self._bar is not None else _HEARTBEAT_S
        # Redrawn for each of hundreds of examples in a second, the bar would take more time than the trials.
        if event.seconds - self._shown_s < every:
            return
        self._shown_s = event.seconds
        if self._bar is not None:
            self._draw(self._bar, event)
        elif self._view.verbosity >= 0:
            self._out.print(Text(heartbeat(event), "dim"), soft_wrap=True)

    def stop(self) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def _draw(self, bar: Progress, event: Searching) -> None:
        bar.update(
            bar.task_ids[0],
            description=_PHASES[event.phase],
            completed=event.done,
            # A search until everything is covered goes past the number that it was asked for.
            total=max(event.done, event.total),
            rate=_pace(event),
            found=f"{count(len(event.found), 'way')} to fail",
        )
        bar.refresh()

    def _found(self, event: Searching) -> None:
        for fingerprint in event.found[self._told :]:
            self._told += 1
            line = Text.assemble(
                (f"  {event.seconds:>5.1f} s  ", "dim"), (printable(spoken(fingerprint)), "red")
            )
            self._out.print(line, no_wrap=True, overflow="ellipsis")


def heartbeat(event: Searching) -> str:
    """`  20 s  refund: searching, 140 of 200, 7/s, about 9 s left; 12 ways to fail so far`."""
    found = f"; {count(len(event.found), 'way')} to fail so far" if event.found else ""
    return (
        f"  {event.seconds:,.0f} s  {printable(event.scenario)}: {_PHASES[event.phase]}, "
        f"{event.done:,} of {max(event.done, event.total):,}, {_pace(event)}{found}"
    )


def _pace(event: Searching) -> str:
    """The rate, and how long the rest takes at that; the rest of shrinking cannot be told."""
    rate = event.done / event.seconds if event.seconds else 0.0
    if event.phase != "search" or not rate:
        return f"{event.seconds:,.0f} s"
    return f"{rate:,.0f}/s, about {max(0, event.total - event.done) / rate:,.0f} s left"


def _bar(out: Console) -> Progress:
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
