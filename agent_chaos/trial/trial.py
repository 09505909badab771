"""One trial: an agent, a plan, a virtual clock; out comes a trace."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from random import Random

import time_machine

from agent_chaos.errors import BudgetStop
from agent_chaos.faults.plan import Plan
from agent_chaos.patch.chance import seeded
from agent_chaos.patch.time import loops
from agent_chaos.patch.time.collector import swept
from agent_chaos.patch.time.stop import real_time_stop
from agent_chaos.patch.time.threads import outlived
from agent_chaos.replay.match import ExchangeIndex
from agent_chaos.replay.player import Player
from agent_chaos.replay.toolbox import Toolbox
from agent_chaos.runtime.clock import VirtualClock
from agent_chaos.runtime.session import Session, enter, leave
from agent_chaos.runtime.tape import Tape
from agent_chaos.scenario.model import Scenario
from agent_chaos.trace.trace import Trace
from agent_chaos.trial.answers import Answerer
from agent_chaos.trial.conversation import Conversation
from agent_chaos.trial.injector import ChaosInjector
from agent_chaos.trial.online import Online

_WAITS_BEYOND_BUDGET = 5_000
_JOIN_S = 0.05


class _Pacer:
    """Keeps the wall clock in step, and stops a run that waits for ever in small steps."""

    def __init__(self, tape: Tape, limit_s: float) -> None:
        self._tape = tape
        self._limit_s = limit_s
        self._waits = 0
        self._thread = threading.get_ident()
        self.clock: VirtualClock | None = None
        self.move_wall: Callable[[float], None] | None = None

    def advanced(self, seconds: float) -> None:
        assert self.clock is not None
        if self.move_wall is not None:
            self.move_wall(self.clock.wall())
        own = (
            threading.get_ident() == self._thread
        )  # a poller in the background may step as often as it likes
        if own and self.clock.now() > self._limit_s:
            self._waits += 1
        if self._waits > _WAITS_BEYOND_BUDGET:
            detail = f"still waiting after {self.clock.now():.0f} virtual seconds"
            self._tape.incident(self.clock.now(), "budget", detail)
            raise BudgetStop(detail)


def run_trial(
    scenario: Scenario,
    index: ExchangeIndex,
    plan: Plan,
    *,
    max_requests: int,
    max_virtual_s: float,
    real_s: float = 30.0,
    injector: ChaosInjector | None = None,
    online: Online | None = None,
    probing: bool = False,
) -> Trace:
    """Runs the scenario's agent against the cassette under a plan.

    A pure function of its arguments for a deterministic agent. `max_virtual_s` stops nothing by itself: a run may wait
    longer, as long as it does not do so in thousands of small waits. A run that is `online` asks the real provider what
    the cassette does not answer, and lets tools run whose arguments it does not know. One that is `probing` also notes what
    the agent would ask in one turn more (`Trace.probed`).
    """
    with staged(
        scenario,
        index,
        plan,
        max_requests=max_requests,
        max_virtual_s=max_virtual_s,
        real_s=real_s,
        injector=injector,
        online=online,
    ) as session:
        _conversation(scenario, session, injector, probing=probing).run()
    trace = session.tape.trace(plan, session.clock.now() - session.aside_s)
    return replace(trace, probed=session.probed)


@contextmanager
def staged(
    scenario: Scenario,
    index: ExchangeIndex,
    plan: Plan,
    *,
    max_requests: int,
    max_virtual_s: float,
    real_s: float = 30.0,
    injector: ChaosInjector | None = None,
    online: Online | None = None,
) -> Iterator[Session]:
    """The stage of a trial: within the block this process is in its run. As `run_trial` otherwise."""
    header = index.cassette.header
    tape = Tape()
    pacer = _Pacer(tape, max_virtual_s)
    clock = pacer.clock = VirtualClock(header.started_at, pacer.advanced)
    session = Session(clock=clock, tape=tape, jitter=Random(header.seed), chance=Random(header.seed))
    session.answers = Answerer(
        session=session,
        index=index,
        player=Player(index, plan, guesses=online is None),
        toolbox=Toolbox(tuple(index.cassette.tools), plan),
        max_requests=max_requests,
        ignore_hosts=scenario.ignore_hosts,
        injector=injector,
        online=online,
    )
    session.online = online is not None
    session.pure_tools = frozenset(scenario.pure_tools)
    session.kept = tuple(
        (tool.name, tool.arguments, tool.result) for tool in index.cassette.tools if not tool.is_call
    )
    loops.refuse_uvloop()
    wall = _wall(pacer, header.started_at)
    with swept():
        with seeded(header.seed), wall, _active(session), real_time_stop(session, real_s):
            yield session
        _note_threads(session)


def _conversation(
    scenario: Scenario, session: Session, injector: ChaosInjector | None, *, probing: bool
) -> Conversation:
    conversation = Conversation(scenario, session, injector=injector, probing=probing)
    if injector is not None:
        injector.context = conversation.context
    return conversation


@contextmanager
def _wall(pacer: _Pacer, started_at: float) -> Iterator[None]:
    traveller = time_machine.travel(started_at, tick=False)
    pacer.move_wall = traveller.start().move_to
    try:
        yield
    finally:
        pacer.move_wall = None
        traveller.stop()


@contextmanager
def _active(session: Session) -> Iterator[None]:
    session.main_thread = threading.get_ident()
    token = enter(session)
    try:
        yield
    finally:
        leave(session, token)


def _note_threads(session: Session) -> None:
    """Threads that outlive their trial are reported; from now on they are refused."""
    for thread in session.live_threads():
        if outlived([thread]):
            thread.join(_JOIN_S)
    for name in sorted(outlived(session.live_threads())):
        session.tape.incident(session.clock.now(), "thread", f"thread {name} outlived its trial")
