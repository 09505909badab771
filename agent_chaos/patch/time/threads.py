"""Threads belong to the run that starts them, and take turns with its others."""

from __future__ import annotations

import _thread
import queue
import re
import threading
from collections.abc import Callable
from typing import Any

from agent_chaos.errors import TrialStop
from agent_chaos.patch.time.clock import wait
from agent_chaos.patch.time.locks import Lock
from agent_chaos.patch.time.queues import SimpleQueue
from agent_chaos.runtime import real
from agent_chaos.runtime.active import adopt, poke, scheduled, thaw
from agent_chaos.runtime.member import Member, WaitEnd
from agent_chaos.runtime.seams import Changes, Seam

_real_start = threading.Thread.start
_NUMBERED = re.compile(r"^Thread-\d+(?: \((.*)\))?$")
"""The name that Python gives: how many threads there were before is no property of the run."""
_MEMBER = "_agent_chaos_member"
"""On the thread, not in a table: a member leads to its run, and that to its threads, so that no entry of a table would go."""


def _start(self: threading.Thread) -> None:
    adopt(self)
    scheduler = scheduled()
    if scheduler is None:
        _real_start(self)
        return
    member = scheduler.admit(daemon=self.daemon, kind=_kind(self), of_pool=is_pool_worker(self))
    vars(self)[_MEMBER] = member
    _take_turns(self, member)
    # `Thread.start` waits for the new thread's `_started` event, which the new thread sets before its first turn: over
    # a lock of ours it would wait for its turn where the two meet at it, and this one has the turn.
    vars(self)["_started"]._cond = threading.Condition(real.allocate_lock())
    with scheduler.excused():  # what `start` waits for is done before the new thread's first turn
        _real_start(self)


def _take_turns(thread: threading.Thread, member: Member) -> None:
    """Lets what a thread runs begin with its first turn, and pass the turn on at its end."""
    # On the instance: `run` may be a subclass's own, and `_bootstrap_inner` looks it up there.
    own, actual = vars(thread).get("run"), thread.run

    def run() -> None:
        # Taken away before anything runs, since a thread's own code may look at or replace its `run`.
        if own is None:
            del thread.run
        else:
            vars(thread)["run"] = own
        member.home.enter(member)
        try:
            actual()
        except TrialStop:
            pass  # it ends the whole run, whose tape says why
        finally:
            member.home.leave(member, thread)

    vars(thread)["run"] = run


def _kind(thread: threading.Thread) -> str:
    """What threads that do the same have in common."""
    target = getattr(thread, "_target", None)
    return f"{type(thread).__qualname__} {getattr(target, '__module__', '')}.{getattr(target, '__qualname__', '')}"


def _join(actual: Callable[..., None]) -> Callable[..., None]:
    def join(self: threading.Thread, timeout: float | None = None) -> None:
        scheduler = scheduled()
        if scheduler is None or self is threading.current_thread() or not self.is_alive():
            if scheduler is None:
                thaw()
            actual(self, timeout)
            return
        member = vars(self).get(_MEMBER)
        # Started before the run, or outside of it: whatever ends it is nothing that the turns show.
        if member is None:
            poke()
        # Not the thread's own lock: on some Pythons `join` waits for a lock made in C, which hands over no
        # turn.
        ended = wait(scheduler, timeout, lambda: _has_ended(self, member), external=False)
        if ended is WaitEnd.FREED:
            actual(self, timeout)
        elif _has_ended(self, member):
            actual(self)

    return join


def _has_ended(thread: threading.Thread, member: Member | None) -> bool:
    return member.left if member is not None else not thread.is_alive()


def _start_new_thread(function: Callable[..., object], args: tuple[Any, ...], kwargs: Any = None) -> int:
    """`_thread.start_new_thread`: threads that have no `Thread`."""
    scheduler = scheduled()
    if scheduler is None:
        return real.start_new_thread(function, args, kwargs or {})
    # As a daemon: `_thread` has no others, and nobody can wait for one.
    member = scheduler.admit(daemon=True, kind=getattr(function, "__qualname__", ""))

    def run() -> None:
        scheduler.enter(member)
        try:
            function(*args, **(kwargs or {}))
        except TrialStop:
            pass  # as above
        finally:
            member.home.leave(member, None)

    return real.start_new_thread(run, ())


def outlived(threads: list[threading.Thread]) -> list[str]:
    """What to call the threads that still run after their trial; idle pool workers do not count."""
    return [
        _NUMBERED.sub(r"\1", t.name) or "Thread" for t in threads if t.is_alive() and not is_pool_worker(t)
    ]


def is_pool_worker(thread: threading.Thread) -> bool:
    """Whether a thread belongs to a pool: it runs jobs, and does nothing by itself."""
    target = getattr(thread, "_target", None)
    module = getattr(target, "__module__", "") or type(thread).__module__
    # anyio's workers are of a class of its own, those of concurrent.futures plain threads with a function of its.
    return module.startswith(("concurrent.futures", "anyio"))


def _apply(changes: Changes) -> None:
    # Python's own reentrant lock in place of the one in C: it is built on the other, which is ours.
    rlock = vars(threading)["_PyRLock"]
    replaced: dict[Any, Any] = {threading.Lock: Lock, threading.RLock: rlock, queue.SimpleQueue: SimpleQueue}
    changes.replace(threading, "Lock", Lock)
    # By this name conditions make the lock that a waiter waits for.
    changes.replace(threading, "_allocate_lock", Lock)
    changes.replace(threading, "RLock", rlock)
    # `threading.Condition` looks `_allocate_lock` up as it waits, `queue.Queue` and executors look up
    # `Lock`, `RLock` and `SimpleQueue` as they are made: a lock that is older than the environment keeps waiting for real.
    changes.replace(queue, "SimpleQueue", SimpleQueue)
    changes.replace(threading.Thread, "start", _start)
    changes.replace(threading.Thread, "join", _join(threading.Thread.join))
    changes.replace(_thread, "start_new_thread", _start_new_thread)
    changes.rebind(replaced)


SEAM = Seam("threads", _apply, needs=("threading:_allocate_lock", "threading:_PyRLock"))
