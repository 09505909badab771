"""The contract of an executor: it runs plans and shrinks failures, and gives the results in the order of the tasks.

Equal tasks have equal results, wherever and beside what they run.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from agent_chaos.faults.plan import Plan
from agent_chaos.search.example import Example
from agent_chaos.search.shrink import ShrinkResult, ShrinkTask


class Executor(Protocol):
    """Runs the tasks of one campaign."""

    def examine(self, plans: Sequence[Plan]) -> Iterator[Example]:
        """The example of each plan, in their order."""
        ...

    def shrink(self, tasks: Sequence[ShrinkTask]) -> Iterator[ShrinkResult]:
        """The result of each task, in their order."""
        ...

    def close(self) -> None:
        """Ends what was started for it."""
        ...
