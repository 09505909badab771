"""Which run is the active one of this process, and which one the calling code belongs to.

A context variable names the session; threads a run started fall back to the session that started them. A session
that has finished answers nobody.
"""

from __future__ import annotations

import threading
from contextvars import ContextVar, Token
from weakref import WeakSet

from agent_chaos.runtime.member import Member
from agent_chaos.runtime.process_time import imports_clock
from agent_chaos.runtime.scheduler import Scheduler
from agent_chaos.runtime.session import Session

_CURRENT: ContextVar[Session | None] = ContextVar("agent_chaos_session", default=None)
_running: Session | None = None
_carried: list[Member] = []
"""Threads of earlier runs that wait for something still."""
_of_imports: WeakSet[threading.Thread] = WeakSet()
_THREAD_ATTRIBUTE = "_agent_chaos_session"


def current() -> Session | None:
    """The session this code runs in, finished or not; None outside of any run."""
    session = _CURRENT.get()
    if session is not None:
        return session
    thread = threading.current_thread()
    # Python's name for a thread that C code has made: nobody can tell which run started it.
    if isinstance(thread, threading._DummyThread):
        return _running
    # New threads do not inherit context variables, so `adopt` ties them to their run.
    started_by: Session | None = getattr(thread, _THREAD_ATTRIBUTE, None)
    return _running if started_by is None and thread in _of_imports else started_by


def replaying() -> Session | None:
    """The session to answer from, if this code runs in a replayed run, finished or not."""
    session = current()
    return session if session is not None and session.replaying else None


def running() -> Session | None:
    """The session that is active in this process, whoever asks."""
    return _running


def timed() -> Session | None:
    """The session whose clock this code lives on; threads that an earlier run left follow the one that is active."""
    session = current()
    if session is None or not session.replaying:
        return None
    if session.finished:
        session = _running
    return session if session is not None and session.replaying and not session.finished else None


def scheduled() -> Scheduler | None:
    """The scheduler of the run that this code waits in; None where it waits for real."""
    session = timed()
    if session is None:
        return None
    member = session.scheduler.members.get(threading.get_ident())
    return None if member is not None and member.excused else session.scheduler


def adopt(thread: threading.Thread) -> None:
    """Ties a thread to the session that starts it; one that an agent's module starts takes part in every run."""
    session = current()
    if session is None and imports_clock() is not None:
        _of_imports.add(thread)
    elif session is not None and not session.finished:
        setattr(thread, _THREAD_ATTRIBUTE, session)
        session.threads.append(thread)


def follow(session: Session, thread: threading.Thread) -> None:
    """Lets a thread take part in a run that did not start it."""
    setattr(thread, _THREAD_ATTRIBUTE, session)


def enter(session: Session) -> Token[Session | None]:
    """Makes the session the active one. Raises RuntimeError where another run is active in this process."""
    global _running
    if _running is not None:
        raise RuntimeError(
            "two trials overlap in one process; run them one after the other, or in two processes"
        )
    _running = session
    session.scheduler.begin(_carried)
    _carried.clear()
    return _CURRENT.set(session)


def leave(session: Session, token: Token[Session | None]) -> None:
    """Ends the session; what still holds it is refused from now on.

    A thread that serves a process for as long as it lives, and waits to be asked, does so until the next run. Any other is
    ended where it waits: it belongs to the run that is over.
    """
    global _running
    session.finished = True
    waiting = session.scheduler.finish()
    before = {member.kind for member in session.scheduler.carried}
    for member in waiting:
        # One of each kind: an agent that starts such a thread in every run would leave one more behind each
        # time.
        if member in session.scheduler.carried or (member.serves and member.kind not in before):
            _carried.append(member)
        else:
            member.dismiss()
    _running = None
    _CURRENT.reset(token)


def poke() -> None:
    """Says that a thread which is none of the active run's was given something to do."""
    if _running is not None:
        _running.scheduler.outside.poke()


def thaw() -> None:
    """Lets threads that earlier runs left wait for real: code outside of a run may need them."""
    while _carried:
        _carried.pop().free()


def bound(session: Session | None) -> Token[Session | None]:
    """Binds the current context to a session, for work handed to a pool."""
    return _CURRENT.set(session)


def unbind(token: Token[Session | None]) -> None:
    _CURRENT.reset(token)
