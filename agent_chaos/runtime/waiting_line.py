"""The threads of a run that can go on, in line, and behind them those that wait for a time."""

from __future__ import annotations

from collections import deque

from agent_chaos.runtime.member import Member, Ticket, WaitEnd
from agent_chaos.runtime.timers import Timers

IDLE_WAKES = 1_000
"""Wakes of daemon threads in a row after which the clock passes over their further ones."""


class WaitingLine:
    """Who goes on next: first come, first served; who waits for a time joins when the clock has come there.

    Adding to it is a single append, which is safe from any thread; the rest is for the thread that chooses.
    """

    def __init__(self) -> None:
        self._ready: deque[tuple[Ticket, WaitEnd]] = deque()
        self._timers = Timers()
        self._daemon_wakes = 0

    def __bool__(self) -> bool:
        """Whether somebody may be able to go on without the clock."""
        return bool(self._ready)

    def add(self, ticket: Ticket, ended: WaitEnd) -> None:
        self._ready.append((ticket, ended))

    def add_at(self, due_ns: int, ticket: Ticket) -> None:
        """Lets a wait end at a virtual time, where nothing ends it earlier."""
        self._timers.add(due_ns, ticket)

    def first(self) -> Member | None:
        """Takes out who goes on; None where nobody can before the clock moves."""
        while self._ready:
            ticket, ended = self._ready.popleft()
            if ticket.valid:
                member = ticket.member
                member.ended = ended
                # In a row: whatever another thread does may be what the daemon waits to see.
                self._daemon_wakes = self._daemon_wakes + 1 if member.daemon else 0
                return member
        return None

    def next_due(self) -> tuple[int, Member] | None:
        """The time to which the clock moves next, and whose wait it ends; None where nobody waits for a time."""
        earliest = self._timers.earliest()
        if earliest is None:
            return None
        due, first = earliest
        # A poller in a daemon thread would keep the clock moving in its small steps for ever, past a main thread that
        # waits for an hour: after so many of its wakes in a row the clock goes to what the others wait for.
        if self._daemon_wakes > IDLE_WAKES:
            due = self._timers.earliest_of_others_than_daemons() or due
        return due, first.member

    def earliest_ns(self) -> int | None:
        """The earliest time that somebody waits for."""
        earliest = self._timers.earliest()
        return None if earliest is None else earliest[0]

    def come_to(self, ns: int) -> None:
        """Puts in line whose time has come."""
        for ticket in self._timers.due(ns):
            self.add(ticket, WaitEnd.DUE)

    def close(self) -> None:
        """Keeps for the next run which waits have ended."""
        for ticket, ended in self._ready:
            if ticket.valid:
                ticket.member.pending = ended
