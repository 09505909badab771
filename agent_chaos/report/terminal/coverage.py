"""What a campaign covered of each fault, as a table: sites it can land at, those where it ran and fired, or why not."""

from __future__ import annotations

from collections.abc import Iterable

from rich.table import Table
from rich.text import Text

from agent_chaos.report.printable import printable
from agent_chaos.search.campaign import LEFT_OUT, Covered

_NUMBERS = ("sites", "run", "fired", "examples")


def covered(rows: Iterable[Covered]) -> Table:
    """A row for each fault, by family; those that fired before those that did not."""
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    for _ in _NUMBERS:
        table.add_column(justify="right", no_wrap=True)
    table.add_column(overflow="fold", style="dim")
    table.add_row(*(Text(word, "bold") for word in ("Fault", *_NUMBERS, "why not")))
    known = tuple(rows)
    # Whoever searches for one fault does not want to read a hundred lines about the others.
    shown = [row for row in known if row.why != LEFT_OUT]
    for row in sorted(shown, key=lambda one: (not one.examples, one.family, one.kind)):
        numbers = [f"{getattr(row, name):,}" for name in _NUMBERS]
        table.add_row(Text(row.kind.replace("_", " ")), *numbers, printable(row.why))
    if left := len(known) - len(shown):
        table.add_row(Text(f"{left} more"), *("" for _ in _NUMBERS), LEFT_OUT)
    return table
