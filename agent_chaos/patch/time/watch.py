"""Notices that a run's only thread waits inside C code: nobody else of the run is there to find that out."""

from __future__ import annotations

import time
from collections.abc import Callable

from agent_chaos.runtime import real
from agent_chaos.runtime.active import running
from agent_chaos.runtime.seams import Changes, Seam

_EVERY_S = 0.25


def _watch(done: Callable[[], bool]) -> None:
    while not done():
        session = running()
        if session is not None and session.replaying and not session.finished:
            session.scheduler.outside.look_at_the_lone(_computed_ns(session.scheduler.running.ident))


def _computed_ns(ident: int) -> int:
    """Processor time of a thread; of the whole process where the system does not tell that of one."""
    clock_of = vars(time).get("pthread_getcpuclockid")
    try:
        return real.process_time_ns() if clock_of is None else real.clock_gettime_ns(clock_of(ident))
    except OSError:  # it ended meanwhile
        return -1


_ends: list[Callable[[], None]] = []


def watched() -> None:
    """Begins the watch, where none is kept. Not with the environment: a process that has threads cannot isolate itself."""
    if _ends:
        return
    # A lock as an event, and a thread without a `Thread`: those of `threading` are the run's, and this one is nobody's.
    ended = real.allocate_lock()
    ended.acquire()
    _ends.append(ended.release)
    real.start_new_thread(_watch, (lambda: ended.acquire(timeout=_EVERY_S),))


def _end() -> None:
    while _ends:
        _ends.pop()()


def _apply(changes: Changes) -> None:
    changes.on_undo(_end)


SEAM = Seam("watch over waits in C code", _apply)
