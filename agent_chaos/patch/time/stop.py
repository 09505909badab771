"""The real-time stop of a trial: an exception in the trial's thread when its real seconds are used up."""

from __future__ import annotations

import ctypes
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from agent_chaos.errors import TrialTimeout
from agent_chaos.runtime.session import Session

_AGAIN_S = 1.0


@contextmanager
def real_time_stop(session: Session, seconds: float) -> Iterator[None]:
    """Raises TrialTimeout in the block after `seconds` of real time, and again every second while it is swallowed."""
    if threading.current_thread() is threading.main_thread() and hasattr(signal, "setitimer"):
        with _by_signal(session, seconds):
            yield
    else:
        with _by_thread(session, seconds):
            yield


def _stopped(session: Session, seconds: float) -> TrialTimeout:
    session.tape.incident(session.clock.now(), "timeout", f"used up {seconds:g} s of real time")
    return TrialTimeout(f"the trial used up {seconds:g} s of real time")


@contextmanager
def _by_signal(session: Session, seconds: float) -> Iterator[None]:
    def ring(signum: int, frame: FrameType | None) -> None:
        if not session.finished:
            raise _stopped(session, seconds)

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds, _AGAIN_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@contextmanager
def _by_thread(session: Session, seconds: float) -> Iterator[None]:
    victim = ctypes.c_ulong(threading.get_ident())
    done = threading.Event()

    def watch() -> None:
        if done.wait(seconds):
            return
        _stopped(session, seconds)
        while not done.wait(_AGAIN_S):
            ctypes.pythonapi.PyThreadState_SetAsyncExc(victim, ctypes.py_object(TrialTimeout))

    watcher = threading.Thread(target=watch, name="agent-chaos real-time stop", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()
