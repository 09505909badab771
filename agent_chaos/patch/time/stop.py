"""The real-time stop of a trial: an exception in the trial's thread when its real seconds are used up."""

from __future__ import annotations

import ctypes
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from agent_chaos.containment import OnFailure
from agent_chaos.errors import TrialTimeout
from agent_chaos.runtime import real
from agent_chaos.runtime.interrupts import raises_interrupt
from agent_chaos.runtime.run_stop import RunStop
from agent_chaos.runtime.session import Session

_AGAIN_S = 1.0
_SOON_S = 0.01
_IMPATIENT_S = 0.3
"""How often a run is stopped again after a Ctrl-C; what the scenario cleans up at its end has so long."""
_MUST_END = ("agent_chaos.runtime", "agent_chaos.patch")
_WEAK_REFERENCES = ("weakref", "_weakrefset")
_NAMED_TUPLE = "namedtuple_"
"""How `collections` names the module in which it makes the constructor of a named tuple."""


@contextmanager
def real_time_stop(session: Session, seconds: float) -> Iterator[None]:
    """Raises TrialTimeout in the block after `seconds` of real time, and again every second while it is swallowed.

    What programs of the agent's own take does not count: how fast they start is a matter of the machine, and they have a limit.
    """
    if threading.current_thread() is threading.main_thread() and hasattr(signal, "setitimer"):
        with _by_signal(session, seconds):
            yield
    else:
        with _by_thread(session, seconds):
            yield


@contextmanager
def interrupts_noted(session: Session) -> Iterator[None]:
    """Ends the run by a Ctrl-C, and tells it from a KeyboardInterrupt that the agent itself raises.

    Raises KeyboardInterrupt at its end where the agent, or what it called, lost the one that was raised in it. What the
    agent made of the handlers of signals is taken back.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before, terminates = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    # Else it is somebody's own handler, a test runner's for one, who knows what Ctrl-C is to do.
    ends = raises_interrupt(before)

    def press(signum: int, frame: FrameType | None) -> None:
        session.interrupted = True
        later = ends and session.replaying and _rings_later(session, frame)
        if callable(before) and not later:
            before(signum, frame)

    signal.signal(signal.SIGINT, press)
    try:
        with OnFailure(lambda _: _raise_where(session.interrupted and ends)):
            yield
    finally:
        signal.signal(signal.SIGINT, before)
        signal.signal(signal.SIGTERM, terminates)
    _raise_where(session.interrupted and ends)


def _raise_where(interrupted: bool) -> None:
    if interrupted:
        raise KeyboardInterrupt


def _rings_later(session: Session, frame: FrameType | None) -> bool:
    """Lets the timer of a replayed run stop it; True where nothing may be raised before that."""
    session.scheduler.stop = session.scheduler.stop or RunStop("timeout", "Ctrl-C")
    later = _must_end(frame)
    # Again and again: the agent, or its teardown, may catch the first.
    real.set_timer(_SOON_S if later else _IMPATIENT_S, _IMPATIENT_S)
    return later


@contextmanager
def _by_signal(session: Session, seconds: float) -> Iterator[None]:
    stop = RunStop("timeout", f"used up {seconds:g} s of real time")
    began = real.monotonic()

    def ring(signum: int, frame: FrameType | None) -> None:
        if (left := _left_s(session, began, seconds)) > 0:
            real.set_timer(max(left, _SOON_S), _AGAIN_S)
            return
        session.scheduler.stop = session.scheduler.stop or stop
        if _must_end(frame):
            # Not now: an exception in the middle of our own bookkeeping, or in a finaliser (where Python
            # prints and drops it), would leave a turn held by nobody. The flag is set; the timer tries
            # again in a moment.
            again = _IMPATIENT_S if session.interrupted else _AGAIN_S
            real.set_timer(_SOON_S, again)
        # The timer may ring between the end of the run and its own removal; raised then, it would strike
        # the search.
        elif not session.finished:
            raise stop.error()

    before = session.scheduler.alarm.handler = real.set_handler(signal.SIGALRM, ring)
    # A process has one such timer: pytest-timeout's default method uses it as well, and gets it back in
    # `_restore`.
    outer = real.set_timer(seconds, _AGAIN_S)
    try:
        yield
    finally:
        real.set_timer(0, 0)
        real.set_handler(signal.SIGALRM, before)
        _restore(outer, real.monotonic() - began)


def _left_s(session: Session, began: float, seconds: float) -> float:
    """What a run may still take; nothing once it is to be stopped for another reason."""
    if session.scheduler.stop is not None:
        return 0.0
    return seconds + session.programs.seconds() - (real.monotonic() - began)


def _restore(outer: tuple[float, float], passed_s: float) -> None:
    """Sets the timer of whoever else uses it again, to what is left of it."""
    left, interval = outer
    if left > 0:
        real.set_timer(max(left - passed_s, _SOON_S), interval)


def _must_end(frame: FrameType | None) -> bool:
    """Whether a stop would strike code that must not be left half done, or be lost: the run's flag tells it then.

    What Python's own library does is done for whoever called it. An exception in one of its finalisers is only printed.
    """
    while frame is not None and _is_pythons(frame):
        if frame.f_code.co_name == "__del__" or _module(frame) in _WEAK_REFERENCES:
            return True
        frame = frame.f_back
    return frame is not None and _module(frame).startswith(_MUST_END)


def _is_pythons(frame: FrameType) -> bool:
    package = _module(frame).partition(".")[0]
    return package in sys.stdlib_module_names or package.startswith(_NAMED_TUPLE)


def _module(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", ""))


@contextmanager
def _by_thread(session: Session, seconds: float) -> Iterator[None]:
    ident = threading.get_ident()
    victim = ctypes.c_ulong(ident)
    stop = RunStop("timeout", f"used up {seconds:g} s of real time")
    # Real locks as events: those of `threading` are virtual within a run, and this thread measures real
    # time.
    done, ended = real.allocate_lock(), real.allocate_lock()
    done.acquire()
    ended.acquire()

    began = real.monotonic()

    def watch() -> None:
        limit = seconds
        while not done.acquire(timeout=limit):
            if (left := _left_s(session, began, seconds)) > 0:
                limit = max(left, _SOON_S)
                continue
            session.scheduler.stop = session.scheduler.stop or stop
            if _must_end(sys._current_frames().get(ident)):
                limit = _SOON_S
            else:
                limit = _AGAIN_S
                # The one way to raise in another thread:
                # https://docs.python.org/3/c-api/init.html#c.PyThreadState_SetAsyncExc. It raises
                # a class without arguments, between two bytecodes: what blocks inside C code goes on until it returns.
                ctypes.pythonapi.PyThreadState_SetAsyncExc(victim, ctypes.py_object(TrialTimeout))
        ended.release()

    real.start_new_thread(watch, ())
    try:
        yield
    finally:
        done.release()
        ended.acquire()
        # None takes back one that was set and not yet raised: it would come up in whatever runs next in
        # this thread.
        ctypes.pythonapi.PyThreadState_SetAsyncExc(victim, None)


def end_busy(session: Session) -> None:
    """Ends threads of a run that is over which neither wait nor end by themselves."""
    for member in session.scheduler.members.values():
        # Those that wait are dismissed where they do (`active.leave`).
        if member is not session.scheduler.main and not member.waiting:
            ctypes.pythonapi.PyThreadState_SetAsyncExc(
                ctypes.c_ulong(member.ident), ctypes.py_object(TrialTimeout)
            )
