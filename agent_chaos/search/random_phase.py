"""Hypothesis draws plans, guided towards long waits and many calls; turned round, so that it is asked and told.

Hypothesis calls the test, and a strategy is called. It runs in a thread of its own that waits whenever it has drawn a
plan; only one of the two threads ever runs.
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
        # here, not above: many searches find what they look for before Hypothesis is asked, and it takes
        # long to import
        from agent_chaos.search.hypothesis_plans import drawn_for_ever

        drawn_for_ever(self._space, self._seed, self._came_of)
        self._drawn.put(None)

    def _came_of(self, plan: Plan) -> Example:
        """Hands a plan out, and waits until it has run."""
        self._drawn.put(plan)
        example = self._told.get()
        if example is None:
            # The one way out of a Hypothesis test that it does not take for a failure to shrink.
            raise unittest.SkipTest("nothing more is asked for")
        return example
