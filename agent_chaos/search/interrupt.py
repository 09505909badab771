"""Ctrl-C ends a campaign, whatever the agent that runs just then makes of it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def ctrl_c_counts() -> Iterator[None]:
    """Ends the block with KeyboardInterrupt where Ctrl-C was pressed in it.

    An event loop would make it a cancellation, which is lost where the agent raises something else just then; and some
    agents catch BaseException. Leaves the handlers of others alone.
    """
    on_main = threading.current_thread() is threading.main_thread()
    if not on_main or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    pressed: list[int] = []  # an append takes no lock, which a handler must not

    def press(signum: int, frame: FrameType | None) -> None:
        pressed.append(signum)
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, press)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if pressed:
        raise KeyboardInterrupt
