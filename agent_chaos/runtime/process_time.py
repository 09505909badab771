"""Monotonic time of this process as agents see it: from the import of their modules through every run, never backwards.

Each run begins whole seconds later than the one before ended. All readings of the first 65,000 runs lie between two powers of two,
where floats are equally dense, so that differences and deadlines come out the same in whichever of the runs they are
computed. Later runs go on alike, with differences that are rounded to the next larger step, half a microsecond at first.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from agent_chaos.runtime.clock import BETWEEN_RUNS_S, VirtualClock

_latest = VirtualClock(0.0)
"""The clock of the latest run; before the first one, of imports alone."""
_importing: list[int] = []
"""Threads that import an agent's modules, the innermost import last."""


def next_start_s() -> int:
    """What `time.monotonic()` reads as the next run begins."""
    # Whole seconds: a start with a fraction would round sums of floats otherwise in every run.
    return math.ceil(_latest.monotonic()) + BETWEEN_RUNS_S


def begins(clock: VirtualClock) -> None:
    """Says that a run on this clock begins."""
    global _latest
    _latest = clock


@contextmanager
def virtual_while_imported() -> Iterator[None]:
    """Within the block the calling thread reads the time of runs, so that what a module keeps of it is in their past."""
    _importing.append(threading.get_ident())
    try:
        yield
    finally:
        _importing.pop()


def imports_clock() -> VirtualClock | None:
    """The clock that the calling thread reads where it imports an agent's module; else None."""
    # Of other threads, such as a test runner's, the time stays real.
    return _latest if _importing and threading.get_ident() == _importing[-1] else None


def latest() -> VirtualClock:
    """The clock of the latest run, for threads that it left behind."""
    return _latest
