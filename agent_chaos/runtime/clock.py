"""The virtual clock: whole nanoseconds since the trial started, moved only by those who wait.

Nothing here waits or reads a real clock. `patch.time` maps Python's clocks onto it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

MONOTONIC_START_S = 1_000.0
"""What `time.monotonic()` reads when a trial starts; any positive number would do."""

_NS = 1_000_000_000


class VirtualClock:
    """Virtual time of one trial. Thread-safe; never runs backwards.

    Args:
        wall_start_s: what the wall clock shows at the start, seconds since the epoch.
        on_advance: called after every move with the seconds moved, outside the lock.
    """

    def __init__(self, wall_start_s: float, on_advance: Callable[[float], None] | None = None) -> None:
        self.wall_start_s = wall_start_s
        self._ns = 0
        self._lock = threading.Lock()
        self._on_advance = on_advance

    @property
    def ns(self) -> int:
        """Virtual nanoseconds since the trial started."""
        return self._ns

    def now(self) -> float:
        """Virtual seconds since the trial started."""
        return self._ns / _NS

    def monotonic(self) -> float:
        return MONOTONIC_START_S + self._ns / _NS

    def monotonic_ns(self) -> int:
        return int(MONOTONIC_START_S) * _NS + self._ns

    def wall(self) -> float:
        """Seconds since the epoch."""
        return self.wall_start_s + self._ns / _NS

    def advance_to_ns(self, ns: int) -> None:
        """Moves to so many virtual nanoseconds; nothing where that has passed."""
        with self._lock:
            moved = ns - self._ns
            if moved <= 0:
                return
            self._ns = ns
        if self._on_advance is not None:
            self._on_advance(moved / _NS)
