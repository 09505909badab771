"""Two versions of an agent for people: what is new, what is fixed, what is the same, and both scores."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from agent_chaos.report.contents import figures
from agent_chaos.report.contents.comparison import Movement, VersionComparison
from agent_chaos.report.terminal.finding_view import line

_STYLES = {
    Movement.NEW: "bold red",
    Movement.UNTRIED: "bold yellow",
    Movement.FIXED: "bold green",
    Movement.SAME: "",
    Movement.OPEN: "bold yellow",
}
_UNTRIED = (
    "Not tried before: the earlier search never struck there with such a fault, so whether that is new is not known; "
    "compare with the earlier version itself, and it is run on the same plans."
)


def comparison_view(compared: VersionComparison) -> Iterator[RenderableType]:
    """The parts, top to bottom; the last line holds the counts."""
    yield Text()
    yield _rows(compared)
    yield Text()
    yield _scores(compared)
    if compared.count(Movement.UNTRIED):
        yield Text(_UNTRIED, "yellow")
    told = [kind for kind in Movement if kind is not Movement.UNTRIED or compared.count(kind)]
    counts = ", ".join(f"{compared.count(kind)} {kind.lower()}" for kind in told)
    yield Text(f"findings: {counts}", "bold red" if compared.count(Movement.NEW) else "bold")


def _rows(compared: VersionComparison) -> Table:
    table = Table.grid(padding=(0, 2))
    for _ in range(2):
        table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for row in compared.rows:
        table.add_row(Text(row.movement, _STYLES[row.movement]), *line(row.finding))
    return table


def _scores(compared: VersionComparison) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True, style="dim")
    table.add_column(overflow="fold")
    for label, campaign in (("Before", compared.before), ("After", compared.after)):
        table.add_row(label, Text(figures.score_line(campaign.score) or "no example had an everyday fault"))
    return table
