"""Python's clocks and locks as they were before anything was patched: for what the harness itself waits for."""

from __future__ import annotations

import _thread
import signal
import threading
import time
from queue import SimpleQueue as SimpleQueue
from typing import Any

# Bound as this module is imported, which is before anything is patched.
sleep = time.sleep
# Not `time.monotonic`, which time-machine below 3 stops in place within a run; this one it leaves alone.
monotonic = time.perf_counter
set_handler = signal.signal
perf_counter = time.perf_counter
process_time_ns = time.process_time_ns
clock_gettime_ns = time.clock_gettime_ns
allocate_lock = _thread.allocate_lock
start_new_thread = _thread.start_new_thread
join = threading.Thread.join


def set_timer(seconds: float, interval: float) -> tuple[float, float]:
    """As `signal.setitimer` of `ITIMER_REAL`."""
    before: tuple[float, float] = _setitimer(signal.ITIMER_REAL, seconds, interval)
    return before


_setitimer: Any = vars(signal).get("setitimer")  # Windows has none
