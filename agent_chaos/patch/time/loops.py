"""Event loops on the virtual clock: a loop jumps to its next timer only when nothing else can happen first."""

from __future__ import annotations

import asyncio
import heapq
import math
import threading
from asyncio import base_events
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from agent_chaos.errors import TrialTimeout
from agent_chaos.patch.imports import when_imported
from agent_chaos.patch.time.clock import real_monotonic
from agent_chaos.patch.time.threads import is_pool_worker
from agent_chaos.runtime.session import Session, replaying

_real_time = base_events.BaseEventLoop.time
_real_run_once = vars(base_events.BaseEventLoop)["_run_once"]
_real_shutdown = base_events.BaseEventLoop.shutdown_default_executor
_real_run_in_executor = base_events.BaseEventLoop.run_in_executor


_ONLINE_PATIENCE_S = 30.0
_SLICE_S = 0.001
_GRACE_S = 0.25


def _live() -> Session | None:
    session = replaying()
    return session if session is not None and not session.finished else None


def _time(self: Any) -> float:
    session = _live()
    return _real_time(self) if session is None else session.clock.monotonic()


def _run_once(self: Any) -> None:
    session = _live()
    if session is not None and not self._ready and not self._stopping:
        _jump(self, session)
    _real_run_once(self)


def _jump(loop: Any, session: Session) -> None:
    """Moves the clock to the loop's next timer, once no job, socket or thread can come first."""
    scheduled = loop._scheduled
    while scheduled and scheduled[0]._cancelled:
        handle = heapq.heappop(scheduled)
        handle._scheduled = False
        loop._timer_cancelled_count -= 1
    due = scheduled[0]._when if scheduled else math.inf
    others = _others(loop, session)  # asked first: a thread may wake us as it ends
    patience = _patience(scheduled, session) if session.online and _outside(loop, session) else 0.0
    with session.jobs.idle(due):
        idle = _slept_through(loop, session, due, patience)
    if not idle or loop._ready:
        return
    if scheduled:
        session.wait(due - session.clock.monotonic(), "timer")
        session.clock.advance_to_monotonic(due)
    elif not others:
        session.tape.incident(session.clock.now(), "timeout", "the agent awaits something that never happens")
        raise TrialTimeout(
            "the agent awaits something that never happens: no timer, job or transfer is pending"
        )


def _slept_through(loop: Any, session: Session, due: float, patience: float) -> bool:
    """Lets whoever comes first go on; False where that woke the loop, True where it is the loop's turn."""
    grace = real_monotonic() + _GRACE_S
    while not (events := loop._selector.select(patience)):
        patience = _SLICE_S
        if session.jobs.elsewhere() or session.jobs.idle_until() < due:
            continue
        if due < math.inf and not (session.main_at_work() and real_monotonic() < grace):
            return True
        if due == math.inf and not _others(loop, session):
            return True
    loop._process_events(events)
    return False


def _others(loop: Any, session: Session) -> bool:
    """Whether a socket or a thread could still wake the loop: any but its own, and those whose loops are idle."""
    return _has_socket(loop) or any(_at_work(session))


def _outside(loop: Any, session: Session) -> bool:
    """Whether something real may be under way: a thread that only waits for a pool's next job is not."""
    busy = any(not is_pool_worker(thread) for thread in _at_work(session))
    return _has_socket(loop) or busy or session.jobs.elsewhere()


def _has_socket(loop: Any) -> bool:
    return len(loop._selector.get_map()) > 1


def _at_work(session: Session) -> Iterator[threading.Thread]:
    here = threading.current_thread()
    return (t for t in session.live_threads() if t is not here and not session.jobs.is_idle(t.ident))


def _patience(scheduled: list[Any], session: Session) -> float:
    """Real seconds to wait for what really happens, before virtual time moves on."""
    until_next = scheduled[0]._when - session.clock.monotonic() if scheduled else _ONLINE_PATIENCE_S
    return max(0.0, min(until_next, _ONLINE_PATIENCE_S))


def _run_in_executor(self: Any, executor: Any, func: Any, *args: Any) -> Any:
    session = _live()
    if session is None:
        return _real_run_in_executor(self, executor, func, *args)
    if _asks_for_the_platform(func):
        told = self.create_future()
        told.set_result(func(*args))
        return told
    if executor is None or isinstance(executor, ThreadPoolExecutor):  # others may have to pickle it
        func = _carried(session, func)
    future = _real_run_in_executor(self, executor, func, *args)
    session.jobs.started()
    future.add_done_callback(lambda _: session.jobs.done())
    return future


def _asks_for_the_platform(func: Any) -> bool:
    """Whether a job is what every new async client of the SDKs asks in a thread before its first request.

    It takes no time; in threads of their own, which of several clients asks the provider first would be chance.
    """
    asked = next(iter(getattr(func, "args", ())), None)
    return getattr(asked, "__name__", "") == "get_platform" and str(asked.__module__).endswith(
        "._base_client"
    )


def _carried(session: Session, func: Callable[..., Any]) -> Callable[..., Any]:
    def carried(*args: Any, **kwargs: Any) -> Any:
        with session.jobs.carried():
            return func(*args, **kwargs)

    return carried


async def _shutdown_default_executor(self: Any, timeout: float | None = None) -> None:
    """Joins the executor's threads; until they have ended, timers that go on and on must not drive the clock."""
    limit = () if timeout is None else (timeout,)
    session = _live()
    if session is None:
        await _real_shutdown(self, *limit)
        return
    session.jobs.started()
    try:
        await _real_shutdown(self, *limit)
    finally:
        session.jobs.done()


def _count_anyio_jobs(module: Any) -> None:
    backend = module.AsyncIOBackend
    real = backend.run_sync_in_worker_thread.__func__

    async def run_sync_in_worker_thread(cls: Any, func: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        session = _live()
        if session is None:
            return await real(cls, func, *args, **kwargs)
        session.jobs.started()
        try:
            return await real(cls, _carried(session, func), *args, **kwargs)
        finally:
            session.jobs.done()

    backend.run_sync_in_worker_thread = classmethod(run_sync_in_worker_thread)


def refuse_uvloop() -> None:
    """Puts the standard event loop policy in place of uvloop's, whose clock cannot be virtual."""
    if type(asyncio.get_event_loop_policy()).__module__.startswith("uvloop"):
        asyncio.set_event_loop_policy(None)


_installed = False


def install() -> None:
    """Patches the standard event loops, once per process."""
    global _installed
    if _installed:
        return
    _installed = True
    replaced = {
        "time": _time,
        "_run_once": _run_once,
        "run_in_executor": _run_in_executor,
        "shutdown_default_executor": _shutdown_default_executor,
    }
    for name, function in replaced.items():
        setattr(base_events.BaseEventLoop, name, function)
    when_imported("anyio._backends._asyncio", _count_anyio_jobs)
