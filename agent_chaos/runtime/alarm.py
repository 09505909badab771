"""The process's alarm clock (`signal.alarm`, `ITIMER_REAL`), as a run has it: due at a virtual time."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import Any

from agent_chaos.runtime.member import NEVER

Handler = Callable[[int, FrameType | None], Any] | int | None


class Alarm:
    """At most one is set. `handler` is as in `signal.signal`."""

    def __init__(self) -> None:
        self.due_ns = NEVER
        self.interval_ns = 0
        self.handler: Handler = signal.SIG_DFL

    def set(self, now_ns: int, seconds: float, interval: float = 0.0) -> tuple[float, float]:
        """Sets it, or takes it back where `seconds` is 0; what was left of the one before, and its interval."""
        # Before it is changed; `signal.alarm` and `setitimer` give what was left of the earlier one.
        before = self.left(now_ns)
        self.due_ns = now_ns + round(seconds * 1e9) if seconds else NEVER
        self.interval_ns = round(interval * 1e9)
        return before

    def left(self, now_ns: int) -> tuple[float, float]:
        """Seconds until it rings, 0 where none is set, and its interval."""
        due = self.due_ns < NEVER
        # At least a nanosecond: 0 is `setitimer`'s word for no alarm at all.
        return (max(self.due_ns - now_ns, 1) / 1e9 if due else 0.0), self.interval_ns / 1e9

    def ring(self) -> None:
        """Calls the handler, in the thread whose wait it ends. Raises what that raises."""
        # From when it was due, not from when it rang: the system's timer does not drift, either.
        self.due_ns = self.due_ns + self.interval_ns if self.interval_ns else NEVER
        if callable(self.handler):
            _wake_loop()
            # Depth 1 is whoever waits, as a real handler is given the frame that it interrupts.
            self.handler(signal.SIGALRM, sys._getframe(1))
        elif self.handler == signal.SIG_DFL:
            # The default action ends the process, and this process is not the agent's own.
            raise SystemExit("SIGALRM, which nothing handles, ends the process")


def _wake_loop() -> None:
    """Does what Python's C code does as a signal comes: an event loop hears of it by a byte, its handler does nothing."""
    # The only way to ask for the descriptor; asyncio sets it with its first `add_signal_handler`.
    descriptor = signal.set_wakeup_fd(-1)
    if descriptor >= 0:
        signal.set_wakeup_fd(descriptor)
        with suppress(OSError):  # full, so that the loop wakes anyway
            os.write(descriptor, bytes([signal.SIGALRM]))
