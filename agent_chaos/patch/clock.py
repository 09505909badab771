"""Python's clocks and sleeps on the virtual clock of the session that asks; real for everybody else.

Installed once per process. Code that bound `from time import sleep` before is found and rebound.
"""

from __future__ import annotations

import queue
import sys
import threading
import time
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from agent_chaos.core.session import Session, replaying

P = ParamSpec("P")
R = TypeVar("R")

real_sleep = time.sleep
real_monotonic = time.monotonic
real_perf_counter = time.perf_counter

_BUSY_READS = 10_000
_BUSY_TICK_S = 0.001
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
    if threading.get_ident() != session.main_thread and len(session.live_threads()) > 1:
        session.tape.incident(session.clock.now(), "degraded", "several threads sleep at once")
    session.wait(seconds, "sleep")
    session.clock.advance(seconds)


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
        if session is None or timeout is None or not _alone(session):
            return real(self, timeout)
        session.clock.advance(timeout)
        return False

    return wait


def _alone(session: Session) -> bool:
    return threading.get_ident() == session.main_thread and not session.live_threads() and not session.jobs


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
