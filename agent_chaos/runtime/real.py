"""Python's clocks and locks as they were before anything was patched: for what the harness itself waits for."""

from __future__ import annotations

import _thread
import threading
import time
from queue import SimpleQueue as SimpleQueue

sleep = time.sleep
monotonic = time.monotonic
perf_counter = time.perf_counter
process_time_ns = time.process_time_ns
clock_gettime_ns = time.clock_gettime_ns
allocate_lock = _thread.allocate_lock
start_new_thread = _thread.start_new_thread
join = threading.Thread.join
