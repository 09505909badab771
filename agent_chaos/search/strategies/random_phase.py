"""Hypothesis draws plans, guided towards long waits and many calls; turned round, so that it is asked and told.

Hypothesis calls the test, and a strategy is called. It runs in a thread of its own, and only while the search waits for a
plan of it: runs patch clocks and chance, and so does Hypothesis.
"""

from __future__ import annotations

import threading
import unittest
from collections.abc import Sequence
from queue import SimpleQueue

from agent_chaos.faults.plan import Plan
from agent_chaos.search.example import Example
from agent_chaos.search.space import Space


class RandomPhase:
    """Plans drawn by Hypothesis, one at a time. `close` ends its thread."""

    def __init__(self, space: Space, seed: int) -> None:
        self._space = space
        self._seed = seed
        self._drawn: SimpleQueue[Plan | None] = SimpleQueue()
        self._told: SimpleQueue[Example | None] = SimpleQueue()
        self._waiting: bytes | None = None
        self._came_back: Example | None = None
        self._thread: threading.Thread | None = None
        self._over = False

    def ask(self, most: int) -> Sequence[Plan]:
        """One plan, or none while the last one's example was not told."""
        if self._waiting is not None or most < 1 or not self._space.menus or self._over:
            return ()
        if self._thread is None:
            self._thread = threading.Thread(target=self._draw, name="hypothesis", daemon=True)
            self._thread.start()
        else:
            self._told.put(self._came_back)
        plan = self._drawn.get()
        if plan is None:
            self._over = True
            return ()
        self._waiting = plan.key
        return (plan,)

    def tell(self, example: Example) -> None:
        if self._waiting is not None and example.plan.key == self._waiting:
            self._waiting, self._came_back = None, example

    def pass_over(self) -> None:
        """The last plan is not run."""
        self._waiting = self._came_back = None

    def close(self) -> None:
        """Lets the thread end."""
        self._over = True
        if self._thread is not None:
            self._told.put(None)
            self._thread.join()
        self._thread = None

    def _draw(self) -> None:
        # here, not above: many searches find what they look for before Hypothesis is asked, and it takes
        # long to import
        from agent_chaos.search.strategies.hypothesis_plans import drawn_for_ever

        try:
            drawn_for_ever(self._space, self._seed, self._came_of)
        finally:
            self._drawn.put(None)  # whoever asks would wait for ever

    def _came_of(self, plan: Plan) -> Example | None:
        """Hands a plan out, and waits until it has run, or is passed over."""
        self._drawn.put(plan)
        example = self._told.get()
        if self._over:
            # The one way out of a Hypothesis test that it does not take for a failure to shrink.
            raise unittest.SkipTest("nothing more is asked for")
        return example
