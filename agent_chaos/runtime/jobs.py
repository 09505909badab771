"""Which jobs of a run are at work in threads, and which event loops have nothing to do until their next timer."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Jobs:
    """Jobs that a run has handed to pools. Thread-safe.

    A job may itself run an event loop, and that loop may wait for further jobs. So a loop that wants to move the clock
    asks for jobs *elsewhere*: its own thread's do not count, and neither do those of loops that are idle themselves.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._count = 0
        self._carried: dict[int, int] = {}
        self._idle: dict[int, float] = {}

    def __bool__(self) -> bool:
        return self._count > 0

    def started(self) -> None:
        with self._lock:
            self._count += 1

    def done(self) -> None:
        with self._lock:
            self._count -= 1

    @contextmanager
    def carried(self) -> Iterator[None]:
        """Says that this thread does one of the jobs meanwhile."""
        ident = threading.get_ident()
        self._carry(ident, 1)
        try:
            yield
        finally:
            self._carry(ident, -1)

    @contextmanager
    def idle(self, until: float) -> Iterator[None]:
        """Says that this thread's loop has nothing to do before its next timer, a reading of the virtual `monotonic()`."""
        ident = threading.get_ident()
        with self._lock:
            self._idle[ident] = until
        try:
            yield
        finally:
            with self._lock:
                self._idle.pop(ident, None)

    def elsewhere(self) -> bool:
        """Whether some job is at work in a thread other than this one."""
        ident = threading.get_ident()
        with self._lock:
            resting = sum(n for thread, n in self._carried.items() if thread == ident or thread in self._idle)
            return self._count > resting

    def idle_until(self) -> float:
        """The earliest timer of the other idle loops; infinity where there is none."""
        ident = threading.get_ident()
        with self._lock:
            return min((when for thread, when in self._idle.items() if thread != ident), default=math.inf)

    def is_idle(self, ident: int | None) -> bool:
        """Whether a thread, named by its identifier, runs a loop that has nothing to do."""
        with self._lock:
            return ident in self._idle

    def _carry(self, ident: int, by: int) -> None:
        with self._lock:
            left = self._carried.pop(ident, 0) + by
            if left:
                self._carried[ident] = left
