"""Python's clocks and sleeps on the virtual clock of the session that asks; real for everybody else.

Installed once per process. Code that bound `from time import sleep` before is found and rebound.
"""

from __future__ import annotations

import math
import queue
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any, ParamSpec, TypeVar

from agent_chaos.patch.time.threads import STARTING, is_pool_worker
from agent_chaos.runtime.session import Session, replaying

P = ParamSpec("P")
R = TypeVar("R")

real_sleep = time.sleep
real_monotonic = time.monotonic
real_perf_counter = time.perf_counter

_BUSY_READS = 10_000
_BUSY_TICK_S = 0.001
_SLICE_S = 0.001
_GRACE_S = 0.25
_PATIENCE_S = 5.0
_busy = {"reads": 0, "at": -1.0}


def _live() -> Session | None:
    session = replaying()
    return session if session is not None and not session.finished else None


def _sleep(seconds: float) -> None:
    session = _live()
    if session is None:
        real_sleep(seconds)
        return
    if seconds < 0:
        raise ValueError("sleep length must be non-negative")
    if _in_background(session, session.clock.now() + seconds):
        _sleep_along(session, seconds)
        return
    if threading.get_ident() != session.main_thread and len(session.live_threads()) > 1:
        session.tape.incident(session.clock.now(), "degraded", "several threads sleep at once")
    session.wait(seconds, "sleep")
    session.clock.advance(seconds)


def _in_background(session: Session, wake: float) -> bool:
    """Whether this is a thread nobody waits for by then: it sleeps along with the run, and does not drive its clock."""
    thread = threading.current_thread()
    driven = session.jobs or wake <= session.blocked_until
    return thread.daemon and thread.ident != session.main_thread and not driven


def _sleep_along(session: Session, seconds: float) -> None:
    """Sleeps until the run gets there, ends, or waits for this thread; drives the clock itself if none of it happens."""
    wake, patience = session.clock.now() + seconds, real_monotonic() + _PATIENCE_S
    while session.clock.now() < wake and not session.finished and _in_background(session, wake):
        if real_monotonic() > patience:
            break
        real_sleep(_SLICE_S)
    if not session.finished:
        session.clock.advance_to(wake)


def _tick(session: Session) -> None:
    """Lets time pass for code that does nothing but read the clock."""
    now = session.clock.now()
    if _busy["at"] != now:
        _busy.update(reads=0, at=now)
    _busy["reads"] += 1
    if _busy["reads"] > _BUSY_READS:
        session.clock.advance(_BUSY_TICK_S)
        _busy["at"] = session.clock.now()


def _reader(real: Callable[[], R], virtual: Callable[[Session], R]) -> Callable[[], R]:
    def read() -> R:
        session = _live()
        if session is None:
            return real()
        _tick(session)
        return virtual(session)

    return read


def _wait(real: Callable[..., bool]) -> Callable[..., bool]:
    """Condition.wait that jumps where nobody is left who could notify."""

    def wait(self: threading.Condition, timeout: float | None = None) -> bool:
        session = _live()
        if session is None or threading.get_ident() != session.main_thread:
            return real(self, timeout)
        if session.blocked_until == STARTING:
            return real(self, timeout)
        with session.blocked(math.inf if timeout is None else session.clock.now() + timeout):
            if timeout is None or session.jobs:
                return real(self, timeout)
            return _wait_along(partial(real, self), session, timeout)

    return wait


def _wait_along(wait: Callable[[float], bool], session: Session, timeout: float) -> bool:
    """Waits for other threads as long as they do something, then jumps to the timeout."""
    until = session.clock.now() + timeout
    patience = real_monotonic() + min(timeout, _GRACE_S)
    while session.clock.now() < until and _others(session) and real_monotonic() < patience:
        if wait(_SLICE_S):
            return True
    session.clock.advance_to(until)
    return False


def _others(session: Session) -> bool:
    return any(not is_pool_worker(thread) for thread in session.live_threads())


_installed = False


def install() -> None:
    """Replaces the functions of `time`, once per process."""
    global _installed
    if _installed:
        return
    _installed = True
    replaced: dict[int, Any] = {
        id(time.sleep): _sleep,
        id(time.monotonic): _reader(time.monotonic, lambda s: s.clock.monotonic()),
        id(time.monotonic_ns): _reader(time.monotonic_ns, lambda s: s.clock.monotonic_ns()),
        id(time.perf_counter): _reader(time.perf_counter, lambda s: s.clock.monotonic()),
        id(time.perf_counter_ns): _reader(time.perf_counter_ns, lambda s: s.clock.monotonic_ns()),
    }
    vars(queue)["time"] = replaced[id(time.monotonic)]
    for name in ("sleep", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns"):
        setattr(time, name, replaced[id(getattr(time, name))])
    setattr(threading.Condition, "wait", _wait(threading.Condition.wait))  # noqa: B010 - assigning a method
    _rebind(replaced)


_OURS = ("agent_chaos", "hypothesis", "pytest", "_pytest", "rich", "coverage", "time_machine")


def _rebind(replaced: dict[int, Any]) -> None:
    """Rebinds the old functions where third-party modules imported them by name."""
    for name, module in list(sys.modules.items()):
        root = name.partition(".")[0]
        if root in sys.stdlib_module_names or root in _OURS:
            continue
        for attribute, value in list(getattr(module, "__dict__", {}).items()):
            if id(value) in replaced and callable(value):
                setattr(module, attribute, replaced[id(value)])
