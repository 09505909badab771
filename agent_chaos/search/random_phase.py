"""Hypothesis draws plans, guided towards long waits and many calls; turned round, so that it is asked and told.

Hypothesis calls the test, and a strategy is called. It runs in a thread of its own that waits whenever it has drawn a
plan; only one of the two threads ever runs.
"""

from __future__ import annotations

import threading
import unittest
from collections.abc import Sequence
from contextlib import suppress
from queue import SimpleQueue

from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings, target

from agent_chaos.faults.plan import Plan
from agent_chaos.search.constants import no_local_constants
from agent_chaos.search.example import Example
from agent_chaos.search.hypothesis_plans import plans
from agent_chaos.search.space import Space

_SLICE = 50
"""Examples that one Hypothesis run draws; then another one begins, with the next seed."""
_MOST_FAULTS = 5


class RandomPhase:
    """Plans drawn by Hypothesis, one at a time. `close` ends its thread."""

    def __init__(self, space: Space, seed: int) -> None:
        self._space = space
        self._seed = seed
        self._drawn: SimpleQueue[Plan | None] = SimpleQueue()
        self._told: SimpleQueue[Example | None] = SimpleQueue()
        self._waiting: bytes | None = None
        self._thread: threading.Thread | None = None

    def ask(self, most: int) -> Sequence[Plan]:
        """One plan, or none while the last one's example was not told."""
        if self._waiting is not None or most < 1 or not self._space.menus:
            return ()
        if self._thread is None:
            self._thread = threading.Thread(target=self._draw, name="hypothesis", daemon=True)
            self._thread.start()
        plan = self._drawn.get()
        if plan is None:
            return ()
        self._waiting = plan.key
        return (plan,)

    def tell(self, example: Example) -> None:
        if self._waiting is not None and example.plan.key == self._waiting:
            self._waiting = None
            self._told.put(example)

    def close(self) -> None:
        """Lets the thread end."""
        if self._thread is not None and self._waiting is not None:
            self._told.put(None)
            self._thread.join()
        self._thread = None

    def _draw(self) -> None:
        # Hypothesis lets a `SkipTest` pass as it is; any other exception would be a failing example, which
        # it would shrink.
        with suppress(unittest.SkipTest), no_local_constants():
            # A thousand slices of its own for each seed, so that campaigns of two seeds share none.
            for number in range(self._seed * 1_000, (self._seed + 1) * 1_000):
                self._slice(number)
        self._drawn.put(None)

    def _slice(self, number: int) -> None:
        least, most = self._space.scope.size
        most = max(least, min(most, _MOST_FAULTS))
        fewest = min(least, len(self._space.sites))

        def body(plan: Plan) -> None:
            # Two faults at one site and level are one fault in a plan, so a list of enough faults may be a
            # plan of too few.
            if max(1, fewest) <= len(plan):
                example = self._came_of(plan)
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
        )(seed(number)(given(plans(self._space, min_faults=least, max_faults=most))(body)))()

    def _came_of(self, plan: Plan) -> Example:
        """Hands a plan out, and waits until it has run."""
        self._drawn.put(plan)
        example = self._told.get()
        if example is None:
            raise unittest.SkipTest("nothing more is asked for")
        return example
