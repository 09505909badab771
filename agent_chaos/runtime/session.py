"""The state of one run: what patched clients, clocks and tools ask for. Which run is the active one is said in `active.py`."""

from __future__ import annotations

import math
import sys
import threading
from asyncio import Task
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any
from weakref import ref

from agent_chaos.errors import AgentChaosError, GuardRefused, TrialStop
from agent_chaos.runtime.answer import Answered, Answers, ToolScribe
from agent_chaos.runtime.clock import VirtualClock
from agent_chaos.runtime.member import Member
from agent_chaos.runtime.program_time import ProgramTime
from agent_chaos.runtime.run_stop import RunStop
from agent_chaos.runtime.scheduler import Scheduler
from agent_chaos.runtime.tape import Tape
from agent_chaos.runtime.user_code import awaiting_frame, calling_frame
from agent_chaos.stream.exchange import Request
from agent_chaos.trace.stack_frame import StackFrame
from agent_chaos.trace.trace import Call, Wait


# Two runs are never the same one, and by its fields a run could neither be hashed nor compared without
# comparing whole tapes.
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
    """What the model did that nothing outside of this process may come of, as `filled in invoice`."""
    asked_for: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Tools that the model asked for and whose boundary has not been met since, with the texts among their arguments."""
    copies_files: bool = False
    """Whether the files that it changes are changed in a throw-away copy alone."""
    turn: int = 0
    finished: bool = False
    online: bool = False
    """Whether it may reach the network."""
    threads: list[threading.Thread] = field(default_factory=list)
    excluded_s: float = 0.0
    """Virtual seconds that belong to no trace."""
    probed: tuple[Call, ...] = ()
    """What the agent would ask in one turn more."""
    # Weak, or a run would keep every task that has ended, with all that its frames hold, until the run is
    # over.
    tasks: list[tuple[ref[Task[Any]], str]] = field(default_factory=list)
    """asyncio tasks that the agent's own code started, with what to call them."""
    agent: StackFrame | None = None
    """Where the agent is defined: the line to name where no other of its lines can be seen."""
    awaited: object = None
    """What the agent gave back to be awaited or iterated, while that goes on."""
    max_virtual_s: float = math.inf
    # The rest is kept here for the seams of `patch`, which have no state of their own: waits beyond
    # `max_virtual_s`, whether Ctrl-C was pressed, readings of a clock at one time and the processor time
    # that they stand for, uuid1s made, and the run's own copies of pools that modules hold.
    late: int = 0
    interrupted: bool = False
    reads: int = 0
    read_at_ns: int = -1
    cpu_ns: int = 0
    uuids: int = 0
    programs: ProgramTime = field(default_factory=ProgramTime)
    pools: dict[int, tuple[ThreadPoolExecutor, ThreadPoolExecutor]] = field(default_factory=dict)
    scheduler: Scheduler = field(init=False)

    def __post_init__(self) -> None:
        self.scheduler = Scheduler(self.clock, jumps=self._jumps, degraded=self._degraded)

    def _jumps(self, seconds: float, member: Member) -> None:
        """Before the clock moves: tells of waits, and stops a run that waits for ever in small steps."""
        if member.why:
            self.wait(seconds, member.why)
        if self.clock.now() > self.max_virtual_s:
            # Weighted, so that one number bounds both kinds of waiters.
            self.late += _OF_MAIN if member is self.scheduler.main else 1
            if self.late > _LATEST and self.scheduler.stop is None:
                told = f"still waiting after {self.clock.now():.0f} virtual seconds"
                self.scheduler.stop = RunStop("budget", told)

    def _degraded(self, what: str) -> None:
        self.tape.incident(self.clock.now(), "degraded", what)

    @property
    def stopped(self) -> bool:
        """Whether the run was ended from outside of its agent; the reason is on its tape from then on."""
        # Written as it is asked for, and not as the run is stopped: that happens in a signal handler or
        # another thread, where waiting for the tape's lock could last for ever.
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

    def calling_line(self) -> StackFrame | None:
        """The line of the agent that is at work now: in this thread, in its own, or where it waits for a task of either."""
        at_work = calling_frame(self.scheduler.main.ident)
        return at_work or awaiting_frame(self.awaited) or self.agent

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
        # The limit is one for the whole process, so it is put back however the block is left.
        depth = sys.getrecursionlimit()
        # An agent that calls itself too often would else meet the end of the stack in our code, half done.
        sys.setrecursionlimit(depth + _OWN_DEPTH)
        try:
            yield
        # Raised where a real connection would fail, which an agent may handle as it handles that.
        except GuardRefused:
            raise
        # Not passed on as it is: an `except Exception` of the agent would take it for an answer of its own.
        except Exception as exc:
            told = isinstance(exc, AgentChaosError)
            detail = str(exc) if told else f"agent-chaos failed on {what}: {type(exc).__name__}: {exc}"
            self.tape.incident(self.clock.now(), "harness", detail)
            raise TrialStop(detail) from exc
        finally:
            sys.setrecursionlimit(depth)

    def wait(self, seconds: float, why: str) -> None:
        """Notes a wait worth telling about, before the clock moves."""
        # Of a finished run the tape is a trace already.
        if seconds >= _WORTH_TELLING_S and not self.finished:
            at = self.clock.now()
            self.tape.write(lambda seq: Wait(seq, at, seconds, why))

    def live_threads(self) -> list[threading.Thread]:
        """Threads the run started that are still alive."""
        return [thread for thread in self.threads if thread.is_alive()]


_WORTH_TELLING_S = 0.1
_OWN_DEPTH = 500
_LATEST, _OF_MAIN = 200_000, 40
"""How many waits a run may take beyond its `max_virtual_s`: of its main thread 5,000, since pollers may step as they like."""
