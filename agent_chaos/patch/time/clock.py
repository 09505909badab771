"""Python's clocks and sleeps on the virtual clock of the session that asks; real for everybody else."""

from __future__ import annotations

import queue
import sched
import select
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from agent_chaos.runtime import real
from agent_chaos.runtime.active import current, scheduled, timed
from agent_chaos.runtime.clock import VirtualClock
from agent_chaos.runtime.member import NEVER, WaitEnd
from agent_chaos.runtime.process_time import imports_clock, latest
from agent_chaos.runtime.scheduler import Scheduler
from agent_chaos.runtime.seams import Changes, Seam
from agent_chaos.runtime.session import Session

R = TypeVar("R")

# So many readings at one virtual time are taken for waiting: code that measures itself reads some thousand
# times at most.
_BUSY_READS = 10_000
_BUSY_TICK_NS = 1_000_000
_CPU_TICK_NS = 1_000
_IMPORT_TICK_NS = 1_000


def _sleep(seconds: float) -> None:
    """As `time.sleep`."""
    session = timed()
    if session is None or scheduled() is None or _waits_for_a_program():
        real.sleep(seconds)
        # It slept for real, as its module expects, and the clock that it reads goes along.
        if session is None and (clock := imports_clock()) is not None:
            clock.advance_to_ns(clock.ns + round(seconds * 1e9))
        return
    if seconds < 0:
        raise ValueError("sleep length must be non-negative")
    session.sleep(seconds, "sleep")


def _waits_for_a_program() -> bool:
    """`subprocess` sleeps between two looks at its program, which knows no virtual time."""
    # Frame 1 is `_sleep`, frame 2 whoever sleeps. `Popen._wait` polls between sleeps where a timeout is
    # given; virtual ones would use up the whole timeout before the program has run at all.
    return sys._getframe(2).f_globals.get("__name__") == "subprocess"


def _steady_reader(actual: Callable[[], R], virtual: Callable[[VirtualClock], R]) -> Callable[[], R]:
    """A clock that reads virtual time within a run, where agents are imported, and in threads that runs have left."""

    def read() -> R:
        session = timed()
        if session is not None:
            _tick(session)
            return virtual(session.clock)
        clock = _between_runs()
        return actual() if clock is None else virtual(clock)

    return read


def _between_runs() -> VirtualClock | None:
    """The clock of agents' code that no run is active for; None for all other code."""
    clock = imports_clock()
    if clock is not None:
        # A module that divides by the seconds that something took, or waits for the clock, is to find that some passed.
        clock.advance_to_ns(clock.ns + _IMPORT_TICK_NS)
        return clock
    left_by = current()
    return latest() if left_by is not None and left_by.replaying else None


def _cpu_reader(actual: Callable[[], R], virtual: Callable[[Session], R]) -> Callable[[], R]:
    def read() -> R:
        session = timed()
        if session is None:
            return actual()
        _tick(session)
        return virtual(session)

    return read


def _tick(session: Session) -> None:
    """Lets time pass for code that does nothing but read the clock."""
    now = session.clock.ns
    if session.read_at_ns != now:
        session.reads, session.read_at_ns = 0, now
    session.reads += 1
    session.cpu_ns += _CPU_TICK_NS
    if session.reads > _BUSY_READS and (scheduler := scheduled()) is not None:
        # `while time.monotonic() < deadline: pass` reads the clock and does nothing else, so no wait would
        # ever move it.
        scheduler.sleep_until(now + _BUSY_TICK_NS)
        session.read_at_ns = session.clock.ns


_CLOCKS: dict[str, Callable[[VirtualClock], float]] = {
    "monotonic": VirtualClock.monotonic,
    "monotonic_ns": VirtualClock.monotonic_ns,
    "perf_counter": VirtualClock.monotonic,
    "perf_counter_ns": VirtualClock.monotonic_ns,
}
# Processor time counts clock reads, not seconds: two equal runs need not use the same processor time, and an
# agent that logs or compares it would differ from run to run.
_CPU_CLOCKS: dict[str, Callable[[Session], float]] = {
    "process_time": lambda session: session.cpu_ns / 1e9,
    "process_time_ns": lambda session: session.cpu_ns,
    "thread_time": lambda session: session.cpu_ns / 1e9,
    "thread_time_ns": lambda session: session.cpu_ns,
}


def _clock_here() -> VirtualClock | None:
    session = timed()
    return session.clock if session is not None else imports_clock()


def _clock_info(actual: Callable[..., Any]) -> Callable[[str], Any]:
    def get_clock_info(name: str, /) -> Any:
        found = actual(name)
        # asyncio adds the resolution to what the clock reads. Where the sum is rounded to the reading, a timer that is due
        # is not yet due, for ever.
        if name in _CLOCKS and (clock := _clock_here()) is not None:
            found.resolution = clock.resolution_s()
        return found

    return get_clock_info


_STEADY = tuple(
    getattr(time, name)
    for name in ("CLOCK_MONOTONIC", "CLOCK_MONOTONIC_RAW", "CLOCK_MONOTONIC_COARSE", "CLOCK_BOOTTIME")
    if hasattr(time, name)
)
_CPU = tuple(
    getattr(time, name)
    for name in ("CLOCK_PROCESS_CPUTIME_ID", "CLOCK_THREAD_CPUTIME_ID")
    if hasattr(time, name)
)


def _clock_gettime(
    actual: Callable[[int], R], steady: Callable[[], R], cpu: Callable[[], R]
) -> Callable[[int], R]:
    def clock_gettime(clk_id: int, /) -> R:
        if clk_id in _STEADY:
            return steady()
        # The rest is CLOCK_REALTIME, the date: time-machine has put its own function there.
        return cpu() if clk_id in _CPU else actual(clk_id)

    return clock_gettime


@contextmanager
def numbered_clocks() -> Iterator[None]:
    """Makes `time.clock_gettime` virtual. Only within `time_machine.travel`, which patches the original in place."""
    changes = Changes()
    for suffix in ("", "_ns"):
        # time-machine takes what stands here for the C function that it is, and overwrites that in place: no function of
        # Python may stand here when its travel begins.
        actual = getattr(time, f"clock_gettime{suffix}")
        steady, cpu = getattr(time, f"monotonic{suffix}"), getattr(time, f"process_time{suffix}")
        changes.replace(time, f"clock_gettime{suffix}", _clock_gettime(actual, steady, cpu))
    try:
        yield
    finally:
        changes.undo()


def _select(actual: Callable[..., Any]) -> Callable[..., Any]:
    """`select.select`, whose timeout is virtual."""

    def select(rlist: Any, wlist: Any, xlist: Any, timeout: float | None = None, /) -> Any:
        # A look first: what is ready needs no turn handed over.
        found = actual(rlist, wlist, xlist, 0)
        scheduler = scheduled()
        if any(found) or (timeout is not None and timeout <= 0):
            return found
        if scheduler is None:
            return actual(rlist, wlist, xlist, timeout)
        wait(
            scheduler,
            timeout,
            lambda: any(actual(rlist, wlist, xlist, 0)),
            # Without any, `select` is a sleep, which nothing from outside can end.
            external=bool(rlist or wlist or xlist),
        )
        return actual(rlist, wlist, xlist, 0)

    return select


def wait(
    scheduler: Scheduler, timeout: float | None, poll: Callable[[], bool], *, external: bool, why: str = ""
) -> WaitEnd:
    """Waits until `poll` is true, for `timeout` virtual seconds at most."""
    member = scheduler.member()
    span = NEVER if timeout is None else round(timeout * 1e9)
    while True:
        ended = scheduler.wait(member.begin(), span, poll=poll, external=external, why=why)
        if ended is not WaitEnd.RUNG:
            return ended
        # An alarm rang meanwhile; its handler may have waited, too.
        span = member.left_ns()


def _apply(changes: Changes) -> None:
    # Read before anything is replaced: `rebind` below looks for these very objects in other modules.
    replaced: dict[Any, Any] = {time.sleep: _sleep}
    for name, steady in _CLOCKS.items():
        replaced[getattr(time, name)] = _steady_reader(getattr(time, name), steady)
    for name, cpu in _CPU_CLOCKS.items():
        replaced[getattr(time, name)] = _cpu_reader(getattr(time, name), cpu)
    for name in ("sleep", *_CLOCKS, *_CPU_CLOCKS):
        changes.replace(time, name, replaced[getattr(time, name)])
    changes.replace(time, "get_clock_info", _clock_info(time.get_clock_info))
    changes.replace(select, "select", _select(select.select))
    # After `time` itself was patched, so that what is bound here are the virtual clocks. `threading` and
    # `queue` have bound the real ones to names of their own as they were imported (`from time import
    # monotonic as _time`); the waits would be virtual and their deadlines real, and a wait with a timeout
    # would never see its end.
    changes.replace(threading, "_time", time.monotonic)
    changes.replace(queue, "time", time.monotonic)
    # Default arguments are evaluated once, as `sched` was imported; they stand on the function.
    changes.replace(sched.scheduler.__init__, "__defaults__", (time.monotonic, time.sleep))
    changes.rebind(replaced)


SEAM = Seam("clocks", _apply, needs=("threading:_time", "queue:time"))
