"""Whether work grows with its input, by the processor time it takes."""

from __future__ import annotations

import time
from collections.abc import Callable

_FACTOR = 4
_NOTHING_S = 0.03
_TRIES = 5


def assert_linear(work: Callable[[int], object], size: int) -> None:
    """Four times the input takes less than nine times as long; what is quadratic takes sixteen times.

    One measurement that says so is enough: a busy machine makes work seem longer, never shorter.
    """
    measured = (_in_proportion(work, size) for _ in range(_TRIES))
    assert any(measured), f"{size * _FACTOR} takes more than nine times as long as {size}"


def _in_proportion(work: Callable[[int], object], size: int) -> bool:
    much = _once(work, size * _FACTOR)
    # The least of two: a busy machine must not make little work seem so long that much of it fits.
    return much <= _NOTHING_S or much < 9 * max(min(_once(work, size) for _ in range(2)), _NOTHING_S / 16)


def _once(work: Callable[[int], object], size: int) -> float:
    started = time.process_time()
    work(size)
    return time.process_time() - started
