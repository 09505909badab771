"""Every single fault, one after the other: at the edges of its numbers, or those that did not fire yet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice, product

from agent_chaos.faults.plan import Plan, Site
from agent_chaos.search.example import Example
from agent_chaos.search.numbers import FieldNumbers
from agent_chaos.search.space import Candidate, Menu, Space


class KnownPlans:
    """Proposes plans that are known beforehand."""

    def __init__(self, plans: Iterator[Plan]) -> None:
        self._plans = plans

    def ask(self, most: int) -> Sequence[Plan]:
        return list(islice(self._plans, most))

    def tell(self, example: Example) -> None:
        """What comes of a plan changes nothing."""


def edges(space: Space) -> list[Plan]:
    """Every single fault with every opening at every site, at the edges of its numbers."""
    return [plan for menu in space.menus for entry in menu.entries for plan in _edges(menu, entry)]


def _edges(menu: Menu, entry: Candidate) -> Iterator[Plan]:
    # Once where both edges are the same.
    for values in product(*(dict.fromkeys((low, high)) for _, low, high in menu.numbers)):
        yield Plan(faults=(menu.placed(entry, values),))


def left_over(space: Space, fired: frozenset[tuple[str, str]], leading: Mapping[Site, Plan]) -> list[Plan]:
    """A plan for every single fault that did not fire, behind the fewest faults that lead to its site."""
    return list(_left_over(space, fired, leading))


def _left_over(
    space: Space, fired: frozenset[tuple[str, str]], leading: Mapping[Site, Plan]
) -> Iterator[Plan]:
    numbers = FieldNumbers()
    planned: set[tuple[str, str]] = set()
    for menu in space.menus:
        for entry in menu.entries:
            if entry.single not in fired | planned:
                planned.add(entry.single)
                placed = menu.placed(entry, numbers.values(menu.kind, menu.numbers))
                before = leading.get(entry.site, Plan())
                yield Plan.of((one.site, one.fault) for one in (*before.faults, placed))
