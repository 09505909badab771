"""Locks whose waits are those of the run: a thread that cannot have one hands over its turn, until a virtual time.

`threading` builds all else on them: events, conditions, semaphores, barriers, timers, queues, futures.
"""

from __future__ import annotations

from collections import deque
from types import TracebackType

from agent_chaos.runtime import real
from agent_chaos.runtime.active import poke, scheduled, thaw
from agent_chaos.runtime.member import NEVER, Member, Ticket, WaitEnd


class Lock:
    """As `threading.Lock`."""

    __slots__ = ("__weakref__", "_lock", "_outside", "_waiting")

    def __init__(self) -> None:
        self._lock = real.allocate_lock()
        # Made by the first that waits: a process has thousands of locks that nobody ever waits for.
        self._waiting: deque[Ticket] | None = None
        self._outside = 0

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        if self._lock.acquire(False):
            return True
        if not blocking or (timeout < 0 and timeout != -1):
            return self._lock.acquire(blocking, timeout)  # which refuses what makes no sense
        scheduler = scheduled()
        if scheduler is None:
            return self._acquire_for_real(timeout)
        return self._wait(scheduler.member(), timeout)

    def _wait(self, member: Member, timeout: float) -> bool:
        if self._waiting is None:
            self._waiting = deque()
        span = NEVER if timeout == -1 else round(timeout * 1e9)
        while True:
            ticket = member.begin()
            # First in line, then a second look: a release between the two would find nobody to wake. There
            # is no lock around this pair, since taking one here could wait in turn.
            self._waiting.append(ticket)
            if self._lock.acquire(False):
                member.withdraw()
                return True
            ended = member.home.wait(ticket, span)
            if ended is WaitEnd.FREED:
                return self._acquire_for_real(timeout)
            if self._lock.acquire(False):
                return True
            if ended is WaitEnd.DUE:
                return False
            span = member.left_ns()

    def _acquire_for_real(self, timeout: float) -> bool:
        thaw()
        self._outside += 1
        try:
            return self._lock.acquire(True, timeout)
        finally:
            self._outside -= 1

    def release(self) -> None:
        self._lock.release()
        # Somebody waits for the real lock beside the turns: without the poke the clock may jump past the
        # moment it was freed.
        if self._outside:
            poke()
        waiting = self._waiting
        # Tickets whose thread gave up (its time had come) are skipped, or the one wake-up would be lost on
        # them.
        while waiting and not waiting.popleft().wake():
            pass

    def locked(self) -> bool:
        return self._lock.locked()

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        self.release()

    # Called by `threading` and `logging` in a child after `fork`: the copy of a lock that another thread
    # held stays locked there for ever, since that thread does not exist in the child.
    def _at_fork_reinit(self) -> None:
        self._lock = real.allocate_lock()
        self._waiting = None
        self._outside = 0

    def __repr__(self) -> str:
        return f"<{'locked' if self.locked() else 'unlocked'} Lock of agent-chaos at {id(self):#x}>"
