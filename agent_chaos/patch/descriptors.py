"""An agent that closes all descriptors but its standard streams, as daemons do, closes those of its run, not its process's."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from agent_chaos.runtime.active import timed
from agent_chaos.runtime.seams import Changes, Seam

_LISTED = "/proc/self/fd" if Path("/proc/self/fd").is_dir() else "/dev/fd"
_list = os.listdir  # not the one that looks in the throw-away copy first
_before: set[int] = set()
"""The descriptors from before the run."""


def descriptors_noted() -> Callable[[], None]:
    """Notes which descriptors are open before a run; call what it returns at the end of that."""
    try:
        # The list has the descriptor that it was read by, too.
        _before.update(fd for fd in map(int, _list(_LISTED)) if is_open(fd))
    except OSError:  # a system that does not list them
        return lambda: None
    return _before.clear


def is_open(descriptor: int) -> bool:
    """Whether this process has a file open by that number."""
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


def _closing(actual: Callable[[int, int], None]) -> Callable[[int, int], None]:
    def closerange(fd_low: int, fd_high: int, /) -> None:
        if timed() is None:
            actual(fd_low, fd_high)
            return
        # In stretches between those that are kept: the range may be a million numbers long.
        low = fd_low
        for kept in sorted(fd for fd in _before if fd_low <= fd < fd_high):
            actual(low, kept)
            low = kept + 1
        actual(low, fd_high)

    return closerange


def _apply(changes: Changes) -> None:
    ours = _closing(os.closerange)
    changes.rebind({os.closerange: ours})
    changes.replace(os, "closerange", ours)


SEAM = Seam("descriptors", _apply)
