"""`queue.SimpleQueue`, whose waits are those of the run; thread pools take their jobs from one."""

from __future__ import annotations

import queue
from collections import deque
from types import GenericAlias
from typing import Any, Protocol

from agent_chaos.runtime import real
from agent_chaos.runtime.active import poke, scheduled, thaw
from agent_chaos.runtime.member import NEVER, Member, WaitEnd


class _Waiting(Protocol):
    def wake(self) -> bool: ...


class _Bell:
    """Wakes a thread that waits for real."""

    def __init__(self) -> None:
        self._lock = real.allocate_lock()
        self._lock.acquire()

    def wake(self) -> bool:
        poke()
        self._lock.release()
        return True

    def heard(self, timeout: float | None) -> bool:
        return self._lock.acquire(True, -1 if timeout is None else timeout)


class SimpleQueue:
    """As `queue.SimpleQueue`; `put` may be called within itself, as from a finaliser."""

    def __init__(self) -> None:
        self._items: deque[Any] = deque()
        # Deques, whose `append` and `popleft` are atomic, and no lock: the real one may be `put` to from a
        # finaliser that runs in the middle of another `put` (the C queue is reentrant for that reason),
        # where a lock would wait for itself.
        self._waiting: deque[_Waiting] = deque()

    def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:
        self._items.append(item)
        while self._waiting:
            # Only one, which takes what was put; those that gave up meanwhile are passed over.
            if self._waiting.popleft().wake():
                return

    def put_nowait(self, item: Any) -> None:
        self.put(item)

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        if timeout is not None and timeout < 0:
            raise ValueError("'timeout' must be a non-negative number")
        if not self._items and block:
            scheduler = scheduled()
            if scheduler is not None:
                self._wait(scheduler.member(), timeout)
            else:
                self._wait_for_real(timeout)
        try:
            return self._items.popleft()
        except IndexError:
            raise queue.Empty from None

    def _wait(self, member: Member, timeout: float | None) -> None:
        span = NEVER if timeout is None else round(timeout * 1e9)
        while not self._items:
            ticket = member.begin()
            self._waiting.append(ticket)
            if self._items:
                member.withdraw()
                return
            ended = member.home.wait(ticket, span)
            if ended is WaitEnd.FREED:
                self._wait_for_real(timeout)
            if ended is WaitEnd.DUE or ended is WaitEnd.FREED:
                return
            span = member.left_ns()

    def _wait_for_real(self, timeout: float | None) -> None:
        thaw()
        while not self._items:
            # As in `Lock`: first in line, then a second look.
            bell = _Bell()
            self._waiting.append(bell)
            if not self._items and not bell.heard(timeout):
                return

    def get_nowait(self) -> Any:
        return self.get(block=False)

    def empty(self) -> bool:
        return not self._items

    def qsize(self) -> int:
        return len(self._items)

    def __class_getitem__(cls, item: Any) -> GenericAlias:
        return GenericAlias(cls, item)
