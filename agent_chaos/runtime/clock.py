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

    def advance(self, seconds: float) -> None:
        """Moves `seconds` ahead; nothing where it is not positive."""
        if seconds > 0:
            self._move(self._ns + round(seconds * _NS))

    def advance_to(self, now: float) -> None:
        """Moves to `now` virtual seconds; nothing where that has passed."""
        self._move(round(now * _NS))

    def advance_to_ns(self, ns: int) -> None:
        """As `advance_to`, in whole nanoseconds."""
        self._move(ns)

    def advance_to_monotonic(self, when: float) -> None:
        """Moves until `monotonic()` is at least `when`."""
        target = round((when - MONOTONIC_START_S) * _NS)
        # Rounding may end a fraction below `when`, and an event loop would go round without its timer ever
        # being due.
        while MONOTONIC_START_S + target / _NS < when:
            target += 1
        self._move(target)

    def _move(self, target_ns: int) -> None:
        with self._lock:
            moved = target_ns - self._ns
            if moved <= 0:
                return
            self._ns = target_ns
        if self._on_advance is not None:
            self._on_advance(moved / _NS)
