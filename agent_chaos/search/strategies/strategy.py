"""The contract of a strategy: it is asked for plans and told what came of them. A pure function of what it was told.

The loop asks in batches of a fixed size and tells every example of a batch before it asks again, in the order of the
plans, so that a campaign is the same for any number of workers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from agent_chaos.faults.plan import Plan
from agent_chaos.search.example import Example


class Strategy(Protocol):
    """Proposes plans."""

    def ask(self, most: int) -> Sequence[Plan]:
        """Up to `most` plans to run next; none where there is nothing more to propose."""
        ...

    def tell(self, example: Example) -> None:
        """What came of a plan, whoever proposed it."""
        ...
