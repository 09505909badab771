"""The one active run of this process: what patched clients, clocks and tools ask for.

A context variable names the session; threads a run started fall back to the session that started them. A session
that has finished answers nobody.
"""

from __future__ import annotations

import math
import threading
from asyncio import Task
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar, Token
from dataclasses import dataclass, field
from random import Random
from typing import Any, Protocol
from weakref import ref

from agent_chaos.cassette.model import RETURNED_NONE, ToolEnd
from agent_chaos.errors import GuardRefused, TrialStop, UsageError
from agent_chaos.runtime import real
from agent_chaos.runtime.clock import VirtualClock
from agent_chaos.runtime.member import Member
from agent_chaos.runtime.run_stop import RunStop
from agent_chaos.runtime.scheduler import Scheduler
from agent_chaos.runtime.tape import Tape
from agent_chaos.stream.exchange import Reply, Request
from agent_chaos.trace.stack_frame import StackFrame
from agent_chaos.trace.trace import Call, Wait


@dataclass(frozen=True, slots=True)
class Answered:
    """What a transport is to play: the reply, and the `seq` of the call it answers."""

    reply: Reply
    call_seq: int


class Answers(Protocol):
    """Who answers a replayed run."""

    def http(self, request: Request, transport: str) -> Answered:
        """The reply to play. Raises TrialStop or GuardRefused."""
        ...

    def tool(self, name: str, arguments: Any, *, pure: bool) -> ToolAnswer:
        """What a wrapped tool does. Raises TrialStop."""
        ...

    def runs_for_real(self, name: str) -> bool:
        """Whether the recording has calls of a tool that nothing saw: then it is not ours to answer."""
        ...

    def tool_ran(self, answer: ToolAnswer, end: ToolEnd) -> ToolAnswer | None:
        """Notes how a tool that really ran ended; what the agent gets instead, where a fault strikes."""
        ...


@dataclass(frozen=True, slots=True)
class ToolAnswer:
    """Instructions for a wrapped tool: run for real, or end as `end` says."""

    name: str
    arguments: Any
    run: bool = False
    end: ToolEnd = RETURNED_NONE
    delay_s: float = 0.0


class ToolScribe(Protocol):
    """Who keeps the tool calls of a recorded run."""

    def tool_called(self, name: str, arguments: Any, *, at: float, end: ToolEnd, pure: bool) -> None: ...


@dataclass(eq=False)
class Session:
    """A replayed run (`answers` set) or a recorded one (`scribe` set).

    Its scheduler holds its threads to one clock.
    """

    clock: VirtualClock
    tape: Tape
    jitter: Random
    """What the SDKs' back-off draws from."""
    chance: Random
    """What `os.urandom`, and all that is seeded from it, draws from."""
    answers: Answers | None = None
    scribe: ToolScribe | None = None
    pure_tools: frozenset[str] = frozenset()
    """Tools that may run in a replay."""
    control_flow_tools: set[str] = field(default_factory=set)
    """Tools that stopped their framework instead of returning."""
    output_tools: set[str] = field(default_factory=set)
    """Names of calls that run no tool."""
    server_descriptions: tuple[tuple[str, Any, Any], ...] = ()
    """What servers of tools said besides results: name, arguments and result."""
    acted_on: str = ""
    """The structured output that was served last, where nothing outside of this process may come of it."""
    turn: int = 0
    finished: bool = False
    online: bool = False
    """Whether it may reach the network."""
    threads: list[threading.Thread] = field(default_factory=list)
    excluded_s: float = 0.0
    """Virtual seconds that belong to no trace."""
    probed: tuple[Call, ...] = ()
    """What the agent would ask in one turn more."""
    tasks: list[tuple[ref[Task[Any]], str]] = field(default_factory=list)
    """asyncio tasks that the agent's own code started, with what to call them."""
    agent: StackFrame | None = None
    """Where the agent is defined: the line to name where no other of its lines can be seen."""
    max_virtual_s: float = math.inf
    late: int = 0
    interrupted: bool = False
    reads: int = 0
    read_at_ns: int = -1
    cpu_ns: int = 0
    uuids: int = 0
    program_s: float = 0.0
    """Real seconds that programs of the agent's own took, without one that still runs."""
    program_since: float = 0.0
    """When that one was started, by the real clock; 0 where none runs."""
    pools: dict[int, tuple[ThreadPoolExecutor, ThreadPoolExecutor]] = field(default_factory=dict)
    scheduler: Scheduler = field(init=False)

    def __post_init__(self) -> None:
        self.scheduler = Scheduler(self.clock, jumps=self._jumps, degraded=self._degraded)

    def _jumps(self, seconds: float, member: Member) -> None:
        """Before the clock moves: tells of waits, and stops a run that waits for ever in small steps."""
        if member.why:
            self.wait(seconds, member.why)
        if self.clock.now() > self.max_virtual_s:
            self.late += _OF_MAIN if member is self.scheduler.main else 1
            if self.late > _LATEST and self.scheduler.stop is None:
                told = f"still waiting after {self.clock.now():.0f} virtual seconds"
                self.scheduler.stop = RunStop("budget", told)

    @contextmanager
    def waiting_for_program(self) -> Iterator[None]:
        """Within it real time is that of a program in another process, which has a limit of its own."""
        self.program_since = real.monotonic()
        try:
            yield
        finally:
            self.program_s += real.monotonic() - self.program_since
            self.program_since = 0.0

    def of_programs_s(self) -> float:
        """Real seconds of the run that were those of programs."""
        running = real.monotonic() - self.program_since if self.program_since else 0.0
        return self.program_s + running

    def _degraded(self, what: str) -> None:
        self.tape.incident(self.clock.now(), "degraded", what)

    @property
    def stopped(self) -> bool:
        """Whether the run was ended from outside of its agent; the reason is on its tape from then on."""
        stop = self.scheduler.stop
        if stop is not None:
            self.tape.incident(self.clock.now(), stop.kind, stop.detail)
        return self.tape.has("miss", "budget", "timeout", "harness")

    def sleep(self, seconds: float, why: str) -> None:
        """Lets virtual time pass for the calling thread, and the others go on meanwhile."""
        self.wait(seconds, why)
        self.scheduler.sleep_until(self.clock.ns + round(seconds * 1e9))

    def sleep_until(self, now: float, why: str) -> None:
        """As `sleep`, until `now` virtual seconds; at once where that has passed."""
        self.sleep(now - self.clock.now(), why)

    @property
    def replaying(self) -> bool:
        return self.answers is not None

    def answers_http(self, request: Request, transport: str) -> Answered:
        """The reply to play. Raises TrialStop, or GuardRefused where the run is over or the host unknown."""
        assert self.answers is not None, "only a replayed run answers requests"
        if self.finished:
            raise GuardRefused(
                f"agent-chaos: a request to {request.host} came from a thread that outlived its trial; refused"
            )
        with self.stopped_by_failures(f"{request.method} {request.host}{request.path}"):
            return self.answers.http(request, transport)

    @contextmanager
    def stopped_by_failures(self, what: str) -> Iterator[None]:
        """Ends the run where what is around the agent fails, so that it cannot pass for the agent's own failure."""
        try:
            yield
        except GuardRefused:
            raise
        # Not passed on as it is: an `except Exception` of the agent would take it for an answer of its own.
        except Exception as exc:
            told = isinstance(exc, UsageError)
            detail = str(exc) if told else f"agent-chaos failed on {what}: {type(exc).__name__}: {exc}"
            self.tape.incident(self.clock.now(), "harness", detail)
            raise TrialStop(detail) from exc

    def wait(self, seconds: float, why: str) -> None:
        """Notes a wait worth telling about, before the clock moves."""
        if seconds >= _WORTH_TELLING_S and not self.finished:
            at = self.clock.now()
            self.tape.write(lambda seq: Wait(seq, at, seconds, why))

    def live_threads(self) -> list[threading.Thread]:
        """Threads the run started that are still alive."""
        return [thread for thread in self.threads if thread.is_alive()]


_WORTH_TELLING_S = 0.1
_LATEST, _OF_MAIN = 200_000, 40
"""How many waits a run may take beyond its `max_virtual_s`: of its main thread 5,000, since pollers may step as they like."""
_CURRENT: ContextVar[Session | None] = ContextVar("agent_chaos_session", default=None)
_running: Session | None = None
_carried: list[Member] = []
"""Threads of earlier runs that wait for something still."""
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
    return started_by


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
    """Ties a thread to the session that starts it."""
    session = current()
    if session is not None and not session.finished:
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
