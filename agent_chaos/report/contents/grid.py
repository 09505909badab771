"""What came of each kind of fault at each call and tool: run or not, survived, failed, undecided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agent_chaos.faults.plan import Site
from agent_chaos.oracles.verdict import Verdict
from agent_chaos.report.document import GridCell
from agent_chaos.search.campaign import Campaign


def grid_cells(campaign: Campaign) -> tuple[GridCell, ...]:
    """The cells that an example reached; one of several faults counts in the cell of each."""
    counts = campaign.judged.cells
    cells = sorted({(kind, place) for kind, place, _ in counts})
    return tuple(
        GridCell(
            kind=kind,
            place=place,
            survived=counts[kind, place, Verdict.PASS],
            failed=counts[kind, place, Verdict.FAIL],
            undecided=counts[kind, place, Verdict.UNDECIDED],
        )
        for kind, place in cells
    )


@dataclass(frozen=True)
class Grid:
    """The cells as a table: a row for each kind of fault, a column for each place, None where no example reached."""

    places: tuple[str, ...]
    rows: tuple[tuple[str, tuple[GridCell | None, ...]], ...]


def grid(cells: Sequence[GridCell]) -> Grid:
    """Kinds by name, calls before tools, both in the order of the recording."""
    by_cell = {(one.kind, one.place): one for one in cells}
    # As sites, since `call 10` as text stands before `call 2`.
    places = sorted({one.place for one in cells}, key=lambda place: Site.parse(place).key)
    kinds = sorted({one.kind for one in cells})
    rows = tuple((kind, tuple(by_cell.get((kind, place)) for place in places)) for kind in kinds)
    return Grid(tuple(places), rows)
