"""Plans as a Hypothesis strategy, and plans as the choices that this strategy would have drawn.

A fault costs at most four choices (kind, site with opening, two numbers): Hypothesis deletes no wider list element.
"""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
from hypothesis.strategies import SearchStrategy

from agent_chaos.faults.plan import Placed, Plan
from agent_chaos.search.space import Menu, Space

MAX_FAULTS = 8


def plans(space: Space, *, min_faults: int = 0, max_faults: int = MAX_FAULTS) -> SearchStrategy[Plan]:
    """Plans of up to `max_faults` faults; of two at one site and level the first counts."""
    return _faults(space, min_faults, max_faults).map(plan_of)


def placed_lists(space: Space) -> SearchStrategy[list[Placed]]:
    """What `choices` encodes: a list of placed faults."""
    return _faults(space, 0, MAX_FAULTS)


def plan_of(placed: list[Placed]) -> Plan:
    """The plan of a drawn list."""
    return Plan.of((one.site, one.fault) for one in placed)


def choices(space: Space, plan: Plan) -> tuple[Any, ...] | None:
    """The choices from which `placed_lists` draws the plan's faults; None where a fault is outside of the space."""
    out: list[Any] = []
    if len(plan) > MAX_FAULTS:
        return None
    for placed in plan.faults:
        found = _choices(space, placed)
        if found is None:
            return None
        out += [True, *found]
    return (*out, False)


def _choices(space: Space, placed: Placed) -> list[Any] | None:
    at = next((i for i, menu in enumerate(space.menus) if menu.kind == placed.fault.kind), None)
    entry = space.menus[at].entry_of(placed) if at is not None else None
    if at is None or entry is None:
        return None
    menu = space.menus[at]
    kind = [at] if len(space.menus) > 1 else []
    where = [entry] if len(menu.entries) > 1 else []
    return [*kind, *where, *(int(getattr(placed.fault, name)) for name, _, _ in menu.numbers)]


def _faults(space: Space, least: int, most: int) -> SearchStrategy[list[Placed]]:
    if not space.menus:
        return st.just([])
    return st.lists(st.one_of([_fault(menu) for menu in space.menus]), min_size=least, max_size=most)


def _fault(menu: Menu) -> SearchStrategy[Placed]:
    numbers = st.tuples(*(st.integers(low, high) for _, low, high in menu.numbers))
    return st.builds(menu.placed, st.sampled_from(menu.entries), numbers)
