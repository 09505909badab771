"""Event loops on the virtual clock: their selector waits as the run's threads do."""

from __future__ import annotations

import asyncio
import selectors
import sys
import threading
from asyncio import base_events, mixins
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from types import ModuleType
from typing import Any

from agent_chaos.errors import TrialStop
from agent_chaos.patch.imports import when_imported
from agent_chaos.patch.time.clock import wait
from agent_chaos.runtime.active import follow, poke, scheduled, thaw, timed
from agent_chaos.runtime.member import WaitEnd
from agent_chaos.runtime.seams import Changes, Seam
from agent_chaos.runtime.session import Session

_BY_NAME = ("SelectSelector", "PollSelector")
"""Those that are asked for by name. What `DefaultSelector` is of depends on the system, and is left as it is."""
_Events = list[tuple[selectors.SelectorKey, int]]
_Select = Callable[[float | None], _Events]


# A selector is where every loop of asyncio waits, and a class of its own can be put there without a private
# name: replacing `BaseEventLoop._run_once`, which others do, breaks with each Python that changes it.
class _Selector(selectors.DefaultSelector):
    """Hands over to other threads instead of waiting, until a virtual time."""

    def select(self, timeout: float | None = None) -> _Events:
        return _select(self, super().select, timeout)


def _select(selector: selectors.BaseSelector, actual: _Select, timeout: float | None) -> _Events:
    """The `select` of a loop's selector, which waits for real outside of a run alone."""
    scheduler = scheduled()
    if scheduler is None:
        if timeout is None or timeout > 0:
            # Code outside of a run is about to wait for real, maybe for a thread that an earlier run left
            # behind.
            thaw()
        return actual(timeout)
    # A loop with callbacks that are ready polls with 0. It gives way all the same, or a loop that is
    # never idle would keep the turn for ever, and a thread it waits for would never run.
    if timeout is not None and timeout <= 0:
        scheduler.give_way()
        return actual(0)
    found = actual(0)
    if not found:
        # Sockets in the map are the reason to wait in real time. The self-pipe does not count: what is
        # written to it comes from a thread of this process, which the scheduler sees.
        external = len(selector.get_map()) > 1  # the one is by which other threads wake a loop
        if not external and _awaits_native_code():
            external = scheduler.outside.native = True
        ended = wait(scheduler, timeout, lambda: _anything(actual), external=external, why="timer")
        found = actual(timeout if ended is WaitEnd.FREED else 0)
    return found


_NATIVE = "PyDoneCallback"
"""The callback by which `pyo3-async-runtimes`, with which extensions in Rust are awaited, hears that its future was cancelled."""


def _awaits_native_code() -> bool:
    """Whether a task of the running loop awaits what a thread outside of Python will end."""
    loop = asyncio._get_running_loop()
    if loop is None:
        return False
    # Private, and the only way to see what a task awaits (Lib/asyncio/base_tasks.py reads it, too).
    awaited = (getattr(task, "_fut_waiter", None) for task in asyncio.all_tasks(loop))
    called = (entry[0] for future in awaited for entry in getattr(future, "_callbacks", None) or ())
    return any(type(callback).__name__ == _NATIVE for callback in called)


def _anything(actual: _Select) -> bool:
    try:
        return bool(actual(0))
    except (OSError, ValueError):  # closed meanwhile
        return True


def _hold(loop: Any, changes: Changes, session: Session) -> bool:
    """Has a loop wait on virtual time, also one that was made before this environment stood; False where that cannot be."""
    selector = vars(loop).get("_selector")
    if isinstance(selector, _Selector):
        loop._clock_resolution = session.clock.resolution_s()
        return True
    # A loop of a library of its own, which waits by other means.
    if not isinstance(selector, selectors.BaseSelector):
        return False
    # On the object: its class is Python's own and serves loops that are none of ours.
    if "select" not in vars(selector):
        changes.replace(selector, "select", partial(_select, selector, selector.select))
        # Of the clock as it was when the loop was made: `_clock_info` in `clock.py` says why that is not enough.
        changes.replace(loop, "_clock_resolution", loop._clock_resolution)
    # In each run: past the next power of two readings lie further apart, and a loop may be kept.
    loop._clock_resolution = session.clock.resolution_s()
    return True


def _run_forever(actual: Callable[..., None], changes: Changes) -> Callable[..., None]:
    def run_forever(self: Any) -> None:
        session = timed()
        if session is not None:
            _hold(self, changes, session)
        actual(self)

    return run_forever


def _call_soon_threadsafe(
    actual: Callable[..., asyncio.Handle], changes: Changes
) -> Callable[..., asyncio.Handle]:
    def call_soon_threadsafe(self: Any, callback: Any, *args: Any, context: Any = None) -> asyncio.Handle:
        session, ident = timed(), getattr(self, "_thread_id", None)
        # `_thread_id` is private, and the only thing that says which thread a running loop is in
        # (Lib/asyncio/base_events.py); libraries that run one loop in a daemon thread for the whole process
        # hand their work to it from here.
        if session is not None and ident is not None and ident not in session.scheduler.members:
            if not _hold(self, changes, session):
                session.tape.incident(session.clock.now(), "degraded", _NOT_HELD)
            _give_work_to(session, ident)  # before it wakes: from then on its time is the run's
        return actual(self, callback, *args, context=context)

    return call_soon_threadsafe


_NOT_HELD = "an event loop that was started before agent-chaos waits in real time; start it in the agent"


def _give_work_to(session: Session, ident: int) -> None:
    """A loop in a thread that is none of the run's takes part from now on."""
    # By number: the loop knows only that of its thread.
    for thread in threading.enumerate():
        if thread.ident == ident:
            follow(session, thread)
    poke()


@contextmanager
def without_uvloop() -> Iterator[None]:
    """Within it the standard event loop policy stands in place of uvloop's, whose clock cannot be virtual."""
    policy = asyncio.get_event_loop_policy()
    if not type(policy).__module__.startswith("uvloop"):
        yield
        return
    # uvloop takes its time from libuv, in C, where nothing in Python reaches it.
    asyncio.set_event_loop_policy(None)
    try:
        yield
    finally:
        asyncio.set_event_loop_policy(policy)


_TRIO = (
    "trio runs an event loop of its own, which cannot be held to virtual time; run the agent with asyncio, as in "
    "anyio.run(main, backend='asyncio')"
)


def _refuse_trio(module: ModuleType) -> None:
    actual = vars(module)["run"]

    def run(*args: Any, **kwargs: Any) -> Any:
        session = timed()
        if session is None:
            return actual(*args, **kwargs)
        session.tape.incident(session.clock.now(), "harness", _TRIO)
        raise TrialStop(_TRIO)

    # Through its dict: an assignment to the attribute would not type-check on ModuleType.
    vars(module)["run"] = run


def _replace_uvloop(module: ModuleType) -> None:
    """Within a run, what makes a loop of uvloop makes one of asyncio; the policy is put aside as the run begins."""
    own, run_for_real = vars(module)["Loop"], vars(module)["run"]

    def made(cls: type, *args: Any, **kwargs: Any) -> Any:
        return own.__new__(cls, *args, **kwargs) if timed() is None else asyncio.SelectorEventLoop()

    # A subclass, so that `isinstance` and `uvloop.Loop` as a base class go on to work.
    kind = type("Loop", (own,), {"__new__": made, "__module__": own.__module__, "__qualname__": "Loop"})

    def run(main: Any, *, loop_factory: Any = kind, debug: bool | None = None, **kwargs: Any) -> Any:
        if timed() is None:
            return run_for_real(main, loop_factory=loop_factory, debug=debug, **kwargs)
        with asyncio.Runner(debug=debug, loop_factory=asyncio.SelectorEventLoop) as runner:
            return runner.run(main)

    vars(module).update(Loop=kind, run=run)


def _selecting(actual: Callable[..., _Events]) -> Callable[..., _Events]:
    """The `select` of a selector that others than event loops wait with: multiprocessing's pipes, for one."""

    def select(self: Any, timeout: float | None = None) -> _Events:
        scheduler = scheduled()
        found = actual(self, 0)
        if found or scheduler is None or (timeout is not None and timeout <= 0) or _of_subprocess():
            return found or actual(self, timeout)
        wait(scheduler, timeout, lambda: bool(actual(self, 0)), external=bool(self.get_map()))
        return actual(self, 0)

    return select


def _of_subprocess() -> bool:
    """Whether `subprocess` waits for the pipes of its program, which knows no virtual time."""
    return sys._getframe(2).f_globals.get("__name__") == "subprocess"  # 1 is `select`


def _get_loop(actual: Callable[..., Any]) -> Callable[..., Any]:
    """What a lock or a semaphore of asyncio asks for its loop: one at module level is bound to that of the first run."""

    def get_loop(self: Any) -> Any:
        bound = self._loop
        # Nobody waits on a loop that is closed. In production there is one loop for as long as the process.
        if bound is not None and bound.is_closed() and timed() is not None:
            self._loop = None
        return actual(self)

    return get_loop


def _apply(changes: Changes) -> None:
    changes.replace(selectors, "DefaultSelector", _Selector)
    for name in _BY_NAME:
        if (selector := vars(selectors).get(name)) is not None:
            changes.replace(selector, "select", _selecting(selector.select))
    # The class's own methods, since loops are made by whoever likes to, before a run and within it.
    loop = base_events.BaseEventLoop
    changes.replace(loop, "call_soon_threadsafe", _call_soon_threadsafe(loop.call_soon_threadsafe, changes))
    changes.replace(loop, "run_forever", _run_forever(loop.run_forever, changes))
    bound: Any = mixins._LoopBoundMixin
    changes.replace(bound, "_get_loop", _get_loop(bound._get_loop))
    when_imported("trio", _refuse_trio)
    when_imported("uvloop", _replace_uvloop)


SEAM = Seam(
    "event loops",
    _apply,
    needs=(
        "asyncio.base_events:BaseEventLoop.call_soon_threadsafe",
        "asyncio.mixins:_LoopBoundMixin._get_loop",
    ),
)
