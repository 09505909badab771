"""An agent that ends its process ends its run: the search that the process is in goes on."""

from __future__ import annotations

import atexit
import os
import signal
import sys
from collections.abc import Callable
from typing import Any, NoReturn

from agent_chaos.errors import TrialStop
from agent_chaos.runtime.active import timed
from agent_chaos.runtime.seams import Changes, Seam
from agent_chaos.runtime.session import Session
from agent_chaos.runtime.user_code import is_agents

_FATAL = frozenset(
    vars(signal)[name]
    for name in (
        "SIGABRT",
        "SIGBUS",
        "SIGFPE",
        "SIGHUP",
        "SIGILL",
        "SIGKILL",
        "SIGQUIT",
        "SIGSEGV",
        "SIGTERM",
    )
    if name in vars(signal)
)


_decided: list[int] = []
"""The code that a command ends with, once it has told all."""


def end_with(code: int) -> None:
    """Has the process end with this code from now on, also by `os._exit`, which an agent may have left to be called at exit."""
    _decided[:] = [code]
    vars(os)["_exit"] = _exiting(os._exit)


def _exiting(actual: Callable[[int], NoReturn]) -> Callable[[int], NoReturn]:
    def _exit(status: int) -> NoReturn:
        session = timed()
        if session is None:
            actual(_decided[0] if _decided else status)
        raise _ended(session, f"os._exit({status})")

    return _exit


def _aborting(actual: Callable[[], NoReturn]) -> Callable[[], NoReturn]:
    def abort() -> NoReturn:
        session = timed()
        if session is None:
            actual()
        raise _ended(session, "os.abort()")

    return abort


def _registering(actual: Callable[..., Any]) -> Callable[..., Any]:
    def register(func: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Callable[..., Any]:
        # What an agent would have done as its process ends is not done: a run is over before, and would leave one more
        # each time. What a library registers once, as it is imported or first used, stays.
        if timed() is None or not is_agents(sys._getframe(1).f_code.co_filename):
            actual(func, *args, **kwargs)
        return func

    return register


def _killing(actual: Callable[[int, int], None], ours: Callable[[], int]) -> Callable[[int, int], None]:
    """`os.kill` or `os.killpg`; `ours` gives the number of this process, or of its group."""

    def kill(pid: int, sig: int, /) -> None:
        # 0 stands for the own process group, in `kill` as in `killpg`.
        if pid in (0, ours()):
            _struck(sig)
        actual(pid, sig)

    return kill


def _raising(actual: Callable[[int], None]) -> Callable[[int], None]:
    def raise_signal(signalnum: int, /) -> None:
        _struck(signalnum)
        actual(signalnum)

    return raise_signal


def _struck(signum: int) -> None:
    """Raises where a signal would end the process, as nothing of the agent's own handles it; returns where it is to be sent.

    SIGINT is the user's, whoever sends it.
    """
    session = timed() if signum in _FATAL else None
    if session is not None and not _handled(signum):
        raise _ended(session, f"a signal that it sent to itself, {signal.Signals(signum).name}")


def _ended(session: Session, told: str) -> BaseException:
    """What ends the run where the agent meant its process to end, which is the search's.

    In another thread than the main one that thread ends, and the main one by its next step.
    """
    error = SystemExit(told)
    return TrialStop(told) if session.scheduler.end_main(error) else error


def _handled(signum: int) -> bool:
    """Whether the agent has set a handler of its own, or ignores the signal."""
    handler: Any = signal.getsignal(signum)  # of SIGKILL always the default
    ours = str(getattr(handler, "__module__", "")).startswith("agent_chaos.")
    return handler not in (signal.SIG_DFL, None) and not ours


def _apply(changes: Changes) -> None:
    made: dict[tuple[Any, str], Callable[..., Any]] = {
        (os, "_exit"): _exiting(os._exit),
        (atexit, "register"): _registering(atexit.register),
        (os, "abort"): _aborting(os.abort),
        (os, "kill"): _killing(os.kill, os.getpid),
        (signal, "raise_signal"): _raising(signal.raise_signal),
    }
    if hasattr(os, "killpg"):
        made[os, "killpg"] = _killing(os.killpg, os.getpgrp)
    changes.rebind({vars(module)[name]: function for (module, name), function in made.items()})
    for (module, name), function in made.items():
        changes.replace(module, name, function)


SEAM = Seam("process exit", _apply)
