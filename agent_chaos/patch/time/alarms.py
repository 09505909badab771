"""`signal.alarm` and `ITIMER_REAL` on the run's clock: the watchdogs of agents that wait in their main thread.

The timer of the system is left to the real-time stop, which an agent could else silence.
"""

from __future__ import annotations

import math
import signal
import threading
from collections.abc import Callable
from typing import Any

from agent_chaos.runtime.active import scheduled
from agent_chaos.runtime.alarm import Handler
from agent_chaos.runtime.scheduler import Scheduler
from agent_chaos.runtime.seams import Changes, Seam

_Times = tuple[float, float]


def _of_main() -> Scheduler | None:
    """The scheduler of a run whose main thread is that of the process, which is where signals are handled."""
    scheduler = scheduled()
    on_main = scheduler is not None and scheduler.main.ident == threading.main_thread().ident
    return scheduler if on_main else None


def _alarm(actual: Callable[[int], int]) -> Callable[[int], int]:
    def alarm(seconds: int, /) -> int:
        scheduler = _of_main()
        if scheduler is None:
            return actual(seconds)
        # As the system does: `alarm` knows whole seconds, and 0 would say that none was set.
        return math.ceil(scheduler.alarm.set(scheduler.now_ns, seconds)[0])

    return alarm


def _setitimer(actual: Callable[[int, float, float], _Times]) -> Callable[..., _Times]:
    def setitimer(which: int, seconds: float, interval: float = 0.0, /) -> _Times:
        scheduler = _of_main()
        # Negative ones go to the real function for its error; other timers count processor time, which runs
        # do not wait for.
        if scheduler is None or which != signal.ITIMER_REAL or min(seconds, interval) < 0:
            return actual(which, seconds, interval)
        return scheduler.alarm.set(scheduler.now_ns, seconds, interval)

    return setitimer


def _getitimer(actual: Callable[[int], _Times]) -> Callable[[int], _Times]:
    def getitimer(which: int, /) -> _Times:
        scheduler = _of_main()
        if scheduler is None or which != signal.ITIMER_REAL:
            return actual(which)
        return scheduler.alarm.left(scheduler.now_ns)

    return getitimer


def _signal(actual: Callable[[int, Any], Any]) -> Callable[[int, Any], Any]:
    def set_handler(signalnum: int, handler: Any) -> Handler:
        scheduler = _of_main() if threading.current_thread() is threading.main_thread() else None
        if scheduler is None or signalnum != signal.SIGALRM:
            found: Handler = actual(signalnum, handler)
            return found
        # Never set for real: the real signal is that of the stop in `stop.py`.
        before, scheduler.alarm.handler = scheduler.alarm.handler, handler
        return before

    return set_handler


def _getsignal(actual: Callable[[int], Any]) -> Callable[[int], Any]:
    def getsignal(signalnum: int) -> Handler:
        scheduler = _of_main()
        if scheduler is None or signalnum != signal.SIGALRM:
            found: Handler = actual(signalnum)
            return found
        return scheduler.alarm.handler

    return getsignal


def _pause(actual: Callable[[], None]) -> Callable[[], None]:
    def pause() -> None:
        scheduler = _of_main()
        if scheduler is None:
            actual()
        # Whatever rings ends it. `clock.wait` would wait on for what is left.
        elif scheduler.main.ident == threading.get_ident():
            scheduler.wait(scheduler.main.begin(), why="alarm")

    return pause


def _apply(changes: Changes) -> None:
    if not hasattr(signal, "setitimer"):  # Windows
        return
    made: dict[str, Callable[..., Any]] = {
        "alarm": _alarm(signal.alarm),
        "setitimer": _setitimer(signal.setitimer),
        "getitimer": _getitimer(signal.getitimer),
        "signal": _signal(signal.signal),
        "getsignal": _getsignal(signal.getsignal),
        "pause": _pause(signal.pause),
    }
    changes.rebind({vars(signal)[name]: function for name, function in made.items()})
    for name, function in made.items():
        changes.replace(signal, name, function)


SEAM = Seam("alarms", _apply)
