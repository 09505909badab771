"""Threads belong to the run that starts them; work handed to a pool belongs to the run that hands it over."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from agent_chaos.runtime.session import adopt, bound, current, replaying, unbind

STARTING = -1.0
"""`Session.blocked_until` while a thread is being started: a wait in which nothing virtual happens."""

_real_start = threading.Thread.start
_real_join = threading.Thread.join
_real_submit = ThreadPoolExecutor.submit


def _start(self: threading.Thread) -> None:
    adopt(self)
    session = replaying()
    if session is None or threading.get_ident() != session.main_thread:
        _real_start(self)
        return
    with session.blocked(STARTING):
        _real_start(self)


def _submit(self: ThreadPoolExecutor, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
    session = current()
    if session is None:
        return _real_submit(self, fn, *args, **kwargs)

    def bound_call(*args: Any, **kwargs: Any) -> Any:
        token = bound(session)
        try:
            with session.jobs.carried():
                return fn(*args, **kwargs)
        finally:
            unbind(token)

    session.jobs.started()
    future = _real_submit(self, bound_call, *args, **kwargs)
    future.add_done_callback(lambda _: session.jobs.done())
    return future


def _join(self: threading.Thread, timeout: float | None = None) -> None:
    session = replaying()
    if session is None or session.finished or threading.get_ident() != session.main_thread:
        _real_join(self, timeout)
        return
    with session.blocked(math.inf if timeout is None else session.clock.now() + timeout):
        _real_join(self, timeout)


def outlived(threads: list[threading.Thread]) -> list[str]:
    """Names of threads that still run after their trial; idle pool workers do not count."""
    return [t.name for t in threads if t.is_alive() and not is_pool_worker(t)]


def is_pool_worker(thread: threading.Thread) -> bool:
    """Whether a thread belongs to a pool: it runs jobs, and does nothing by itself."""
    target = getattr(thread, "_target", None)
    module = getattr(target, "__module__", "") or type(thread).__module__
    return module.startswith(("concurrent.futures", "anyio"))


_installed = False


def install() -> None:
    """Patches thread start and pool submission, once per process."""
    global _installed
    if _installed:
        return
    _installed = True
    setattr(threading.Thread, "start", _start)  # noqa: B010 - assigning a method
    setattr(threading.Thread, "join", _join)  # noqa: B010 - assigning a method
    setattr(ThreadPoolExecutor, "submit", _submit)  # noqa: B010 - assigning a method
