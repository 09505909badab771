"""Ctrl-C and SIGTERM end what runs, also where the exception that says so is lost."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from agent_chaos.errors import ExitCode

_TERMINATED = 128 + 15
_ENOUGH = 3
"""How often Ctrl-C is pressed, without any effect, until it ends the process of a command at once."""

# Appended to, which takes no lock: a handler that waited for one would wait for the code that it interrupts.
_pressed: list[int] = []
_terminated: list[int] = []


def _press(signum: int, frame: FrameType | None) -> None:
    _pressed.append(signum)
    raise KeyboardInterrupt


def _press_in_command(signum: int, frame: FrameType | None) -> None:
    if len(_pressed) + 1 == _ENOUGH:
        # An agent may catch everything, for ever. What was found is on the disk by now.
        # By the signal itself, so that the shell sees a process that Ctrl-C ended, and ends its own loop,
        # too.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        signal.raise_signal(signal.SIGINT)
    _press(signum, frame)


def _terminate(signum: int, frame: FrameType | None) -> None:
    _terminated.append(signum)
    # Counted as pressed, too: whoever asks for one of them is to hear of both.
    _pressed.append(signum)
    # A run has put a handler of its own there, which knows where it may raise.
    as_ctrl_c = signal.getsignal(signal.SIGINT)
    if not callable(as_ctrl_c):
        raise KeyboardInterrupt
    as_ctrl_c(signum, frame)


def end_command() -> None:
    """For a process that is a command's: `raise_pending` knows of Ctrl-C from now on, and SIGTERM is as Ctrl-C.

    Pressed for the third time in vain, Ctrl-C ends the process at once.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # a job in the background ignores it
        signal.signal(signal.SIGINT, _press_in_command)
    signal.signal(signal.SIGTERM, _terminate)


@contextmanager
def interrupts_kept() -> Iterator[None]:
    """Within the block, `raise_pending` knows of Ctrl-C. Leaves the handlers of others alone."""
    on_main = threading.current_thread() is threading.main_thread()
    if not on_main or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    signal.signal(signal.SIGINT, _press)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        _pressed.clear()


def raises_interrupt(handler: object) -> bool:
    """Whether a handler of SIGINT is Python's own, or the one that is put in its place here."""
    return handler in (signal.default_int_handler, _press, _press_in_command)


def raise_pending() -> None:
    """Raises KeyboardInterrupt where there was one since `heeded`: an exception that a handler raises may be lost.

    It is lost where it strikes a finaliser or a callback of C code, which print it at most, or an agent that catches all.
    """
    if _pressed:
        raise KeyboardInterrupt


def heeded() -> None:
    """Says that what was pressed until now has had its effect."""
    _pressed.clear()


def interrupted_code() -> int:
    """What a process that was interrupted ends with; after SIGTERM what the shell expects of it."""
    return _TERMINATED if _terminated else ExitCode.INTERRUPTED
