"""Runs everything in this process, one task after the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from time import perf_counter

from agent_chaos.faults.plan import Plan
from agent_chaos.search.example import Example, examined
from agent_chaos.search.shrink import ShrinkResult, ShrinkTask, smallest_plan
from agent_chaos.search.space import Space
from agent_chaos.search.subject import Subject


class Inline:
    """Also what a worker of any other executor does its tasks with."""

    def __init__(self, subject: Subject, space: Space) -> None:
        self._subject = subject
        self._space = space

    def examine(self, plans: Sequence[Plan]) -> Iterator[Example]:
        for plan in plans:
            began = perf_counter()
            outcome = self._subject.trial(plan)
            real_s = perf_counter() - began
            yield examined(plan, outcome, self._space, self._subject.clean, real_s=real_s)

    def shrink(self, tasks: Sequence[ShrinkTask]) -> Iterator[ShrinkResult]:
        for task in tasks:
            yield smallest_plan(
                self._subject,
                task.plan,
                task.fingerprint,
                max_runs=task.max_runs,
                known=task.known,
                scope=self._space.scope,
                space=self._space,
                usual=task.usual,
                largest=task.largest,
            )

    def close(self) -> None:
        """Nothing was started."""
