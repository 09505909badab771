"""When the waits of a run end, in virtual time."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from itertools import count

from agent_chaos.runtime.member import Ticket


class Timers:
    """Waits by the time at which they end, those of one time in the order in which they began.

    A wait that ended otherwise leaves its row behind: its ticket says that it no longer counts.
    """

    def __init__(self) -> None:
        self._order = count()
        self._rows: list[tuple[int, int, Ticket]] = []

    def add(self, due_ns: int, ticket: Ticket) -> None:
        # The count stands between, since tickets have no order of their own to break a tie with.
        heapq.heappush(self._rows, (due_ns, next(self._order), ticket))

    def earliest(self) -> tuple[int, Ticket] | None:
        """The next wait to end, and when; None where nobody waits for a time."""
        while self._rows and not self._rows[0][2].valid:
            heapq.heappop(self._rows)
        return (self._rows[0][0], self._rows[0][2]) if self._rows else None

    def earliest_of_others_than_daemons(self) -> int | None:
        # All rows, as a heap has only its first one in order; asked for in rare runs alone.
        due = (ns for ns, _, ticket in self._rows if ticket.valid and not ticket.member.daemon)
        return min(due, default=None)

    def due(self, ns: int) -> Iterator[Ticket]:
        """Takes out what ends until a time."""
        while self._rows and self._rows[0][0] <= ns:
            yield heapq.heappop(self._rows)[2]
