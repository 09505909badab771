"""Plans as a Hypothesis strategy.

A fault costs at most four choices (kind, site with opening, two numbers): Hypothesis deletes no wider list element.
"""

from __future__ import annotations

import hypothesis.strategies as st
from hypothesis.strategies import SearchStrategy

from agent_chaos.faults.plan import Placed, Plan
from agent_chaos.search.space import Menu, Space

MAX_FAULTS = 8


def plans(space: Space, *, min_faults: int = 0, max_faults: int = MAX_FAULTS) -> SearchStrategy[Plan]:
    """Plans of up to `max_faults` faults; of two at one site and level the first counts."""
    return _faults(space, min_faults, max_faults).map(_plan_of)


def _plan_of(placed: list[Placed]) -> Plan:
    """The plan of a drawn list."""
    return Plan.of((one.site, one.fault) for one in placed)


def _faults(space: Space, least: int, most: int) -> SearchStrategy[list[Placed]]:
    if not space.menus:
        return st.just([])
    return st.lists(st.one_of([_fault(menu) for menu in space.menus]), min_size=least, max_size=most)


def _fault(menu: Menu) -> SearchStrategy[Placed]:
    numbers = st.tuples(*(st.integers(low, high) for _, low, high in menu.numbers))
    return st.builds(menu.placed, st.sampled_from(menu.entries), numbers)
