"""The virtual clock: whole nanoseconds since the trial started, moved only by those who wait.

Nothing here waits or reads a real clock. `patch.time` maps Python's clocks onto it.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable

# Powers of two: readings of 65,000 runs lie below the next one, so that floats are equally dense
# (`process_time`). A later start would hold more runs, and show in the sixth decimal of what agents measure.
PROCESS_START_S = 2**30
"""What `time.monotonic()` reads where agents begin to read it in a process, in seconds: 34 years, so that what was read of the
real clock before lies in the past."""
BETWEEN_RUNS_S = 2**14
"""Virtual seconds between two runs, four and a half hours: a limiter or a cache that outlives its run has cooled down."""

_NS = 1_000_000_000


class VirtualClock:
    """Virtual time of one trial. Thread-safe; never runs backwards.

    Args:
        wall_start_s: what the wall clock shows at the start, seconds since the epoch.
        on_advance: called after every move with the seconds moved, outside the lock.
        monotonic_start_s: what `time.monotonic()` reads at the start.
    """

    def __init__(
        self,
        wall_start_s: float,
        on_advance: Callable[[float], None] | None = None,
        *,
        monotonic_start_s: int = PROCESS_START_S,
    ) -> None:
        self.wall_start_s = wall_start_s
        self.monotonic_start_s = monotonic_start_s
        # Whole nanoseconds: sums of floats would depend on how a wait was cut into steps.
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
        return self.monotonic_start_s + self._ns / _NS

    def resolution_s(self) -> float:
        """By what two readings of now can differ, at least; event loops take timers that are that close for due."""
        return math.ulp(self.monotonic())

    def monotonic_ns(self) -> int:
        return self.monotonic_start_s * _NS + self._ns

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
        # Outside of the lock, as it is said: what is told may have the clock move again.
        if self._on_advance is not None:
            self._on_advance(moved / _NS)
