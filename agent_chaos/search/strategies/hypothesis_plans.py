"""Plans as a Hypothesis strategy.

A fault costs at most four choices (kind, site with opening, two numbers): Hypothesis deletes no wider list element.
"""

from __future__ import annotations

import unittest
from collections.abc import Callable
from contextlib import suppress
from itertools import count

import hypothesis.strategies as st
from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings, target
from hypothesis.strategies import SearchStrategy

from agent_chaos.faults.plan import Placed, Plan
from agent_chaos.search.example import Example
from agent_chaos.search.space import Menu, Space
from agent_chaos.search.strategies.constants import no_local_constants

MAX_FAULTS = 8
_SLICE = 50
"""Examples that one Hypothesis run draws; then another one begins, with the next seed."""
_MOST_FAULTS = 5


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


def drawn_for_ever(space: Space, first: int, came_of: Callable[[Plan], Example | None]) -> None:
    """Draws plan after plan, guided towards long waits and many calls, until `came_of` raises SkipTest.

    `came_of` returns None for a plan that was not run.
    """
    # Hypothesis lets a `SkipTest` pass as it is; any other exception would be a failing example, which
    # it would shrink.
    with suppress(unittest.SkipTest), no_local_constants():
        # A million slices of its own for each seed, so that campaigns of two seeds share none.
        for number in count(first * 1_000_000):
            _slice(space, number, came_of)


def _slice(space: Space, number: int, came_of: Callable[[Plan], Example | None]) -> None:
    least, most = space.scope.size
    most = max(least, min(most, _MOST_FAULTS))
    fewest = min(least, len(space.sites))

    def body(plan: Plan) -> None:
        # Two faults at one site and level are one fault in a plan, so a list of enough faults may be a
        # plan of too few.
        example = came_of(plan) if max(1, fewest) <= len(plan) else None
        if example is not None:
            target(example.virtual_s, label="virtual seconds")
            target(float(example.calls), label="calls")

    settings(
        max_examples=_SLICE,
        # Failures are kept by the corpus; with a database of its own Hypothesis would draw what earlier
        # campaigns left in it, and a seed would no longer say what is drawn.
        database=None,
        # Never shrinks, and never replays: that is done for every plan alike, wherever it comes from.
        phases=[Phase.generate, Phase.target],
        deadline=None,
        derandomize=False,
        verbosity=Verbosity.quiet,
        print_blob=False,
        suppress_health_check=list(HealthCheck),
    )(seed(number)(given(plans(space, min_faults=least, max_faults=most))(body)))()
