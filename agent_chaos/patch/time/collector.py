"""Finalisers run between trials, never inside one: what an earlier trial left must not act in a later one.

An SDK's async client that is never closed, for one, schedules its closing on whatever loop runs when it is collected.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

from agent_chaos.patch.guard import shut
from agent_chaos.runtime.seams import Changes, Seam

# Seldom: a full sweep looks at all that the process holds.
_FULL_EVERY = 500
_seen = {"runs": 0, "frozen by others": False}


@contextmanager
def collector_paused() -> Iterator[None]:
    """Holds the cyclic collector back within the block and runs it at the end.

    Survivors are frozen, so that the next sweep looks at one trial's objects only; every 500 sweeps all are looked at.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        _sweep()
        if was_enabled:
            gc.enable()


@contextmanager
def imports_uncollected() -> Iterator[None]:
    """Holds the collector back while an SDK is imported, a fifth of the time that it takes: what modules make stays anyway.

    Frozen in the end, so that the first sweep does not look at it either. For commands, whose process ends with them.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def _sweep() -> None:
    _seen["runs"] += 1
    # Frozen objects are never looked at again, so what became garbage since it was frozen would stay for
    # the whole campaign.
    if _seen["runs"] % _FULL_EVERY == 0:
        gc.unfreeze()
    # Finalisers may close sockets, or try to: outside of any trial nobody would be told that one reached
    # the network.
    with shut():
        gc.collect()
    gc.freeze()


def _apply(changes: Changes) -> None:
    _seen["runs"] = 0
    # What others froze cannot be told from ours, and stays frozen. Asked until it is so: Python counts objects one by one.
    _seen["frozen by others"] = _seen["frozen by others"] or gc.get_freeze_count() > 0
    if not _seen["frozen by others"]:
        changes.on_undo(gc.unfreeze)
    gc.freeze()  # else the first sweep looks at all that the process holds, which takes longer than a trial


SEAM = Seam("garbage collector", _apply)
