"""The last part of a campaign: Hypothesis draws plans, guided towards long waits and many calls."""

from __future__ import annotations

import unittest
from collections.abc import Callable
from contextlib import suppress

from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings, target

from agent_chaos.faults.plan import Plan
from agent_chaos.oracles.verdict import Outcome
from agent_chaos.search.constants import no_local_constants
from agent_chaos.search.space import Space
from agent_chaos.search.strategies import plans

SLICE = 50
"""Examples drawn by one Hypothesis run; how many runs there are depends on the budget alone."""


def draw(space: Space, examples: int, number: int, run: Callable[[Plan], Outcome | None]) -> None:
    """Draws up to `examples` plans; `run` gives None where the campaign is over.

    `number` seeds the slice: equal numbers draw equal plans for equal outcomes.
    """

    least, most = space.scope.size
    fewest = min(least, len(space.sites))

    def body(plan: Plan) -> None:
        if len(plan) < fewest:
            return
        outcome = run(plan)
        if outcome is None:
            raise unittest.SkipTest("the budget is used up")
        target(outcome.trace.virtual_s, label="virtual seconds")
        target(float(len(outcome.trace.calls)), label="calls")

    drawn = settings(
        max_examples=max(1, examples),
        database=None,
        phases=[Phase.generate, Phase.target],
        deadline=None,
        derandomize=False,
        verbosity=Verbosity.quiet,
        print_blob=False,
        suppress_health_check=list(HealthCheck),
    )(seed(number)(given(plans(space, min_faults=least, max_faults=most))(body)))
    with suppress(unittest.SkipTest), no_local_constants():
        drawn()
