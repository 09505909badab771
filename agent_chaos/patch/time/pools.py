"""Thread pools: each run has workers of its own, so that none of an earlier run's takes part in it."""

from __future__ import annotations

import copy
import queue
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from agent_chaos.runtime.active import replaying, timed
from agent_chaos.runtime.seams import Changes, Seam
from agent_chaos.runtime.session import Session

_real_submit = ThreadPoolExecutor.submit
_real_shutdown = ThreadPoolExecutor.shutdown


def _submit(self: ThreadPoolExecutor, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
    session = timed()
    return _real_submit(self if session is None else _own(session, self), fn, *args, **kwargs)


def _shutdown(self: ThreadPoolExecutor, wait: bool = True, *, cancel_futures: bool = False) -> None:
    session = replaying()
    own = session.pools.get(id(self)) if session is not None else None
    if own is not None:
        _real_shutdown(own[1], wait, cancel_futures=cancel_futures)
    # The pool itself too: it was told to shut down, and later runs must see that it was.
    _real_shutdown(self, wait, cancel_futures=cancel_futures)


def _own(session: Session, pool: ThreadPoolExecutor) -> ThreadPoolExecutor:
    """The run's copy of a pool, whose jobs and workers are the run's."""
    if id(pool) not in session.pools:
        # A shallow copy keeps settings such as `initializer` and subclasses' fields. What holds state must
        # be new, by the private names of Lib/concurrent/futures/thread.py: idle workers of an earlier run
        # wait on the old queue and would take the job, on that run's clock.
        own = copy.copy(pool)
        vars(own).update(
            _work_queue=queue.SimpleQueue(),
            _idle_semaphore=threading.Semaphore(0),
            _threads=set(),
            _shutdown_lock=threading.Lock(),
        )
        session.pools[id(pool)] = (pool, own)  # the pool is kept, so that its id stays its own
    return session.pools[id(pool)][1]


def close(session: Session) -> None:
    """Ends the workers of a run's pools that have nothing to do."""
    for _, own in session.pools.values():
        _real_shutdown(own, wait=False)


def _apply(changes: Changes) -> None:
    changes.replace(ThreadPoolExecutor, "submit", _submit)
    changes.replace(ThreadPoolExecutor, "shutdown", _shutdown)


SEAM = Seam(
    "thread pools",
    _apply,
    needs=tuple(
        f"concurrent.futures.thread:ThreadPoolExecutor.{name}"
        for name in ("_adjust_thread_count", "submit", "shutdown")
    ),
)
