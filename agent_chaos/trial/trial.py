"""One trial: an agent, a plan, a virtual clock; out comes a trace."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

import time_machine

from agent_chaos.errors import TrialStop
from agent_chaos.faults.plan import Plan
from agent_chaos.patch.chance import seeded
from agent_chaos.patch.files.copies import POSSIBLE, files_copied
from agent_chaos.patch.install import environment
from agent_chaos.patch.process_state import process_kept
from agent_chaos.patch.time import loops
from agent_chaos.patch.time.clock import numbered_clocks
from agent_chaos.patch.time.collector import collector_paused
from agent_chaos.patch.time.kept_times import times_kept
from agent_chaos.patch.time.pools import close
from agent_chaos.patch.time.stop import end_busy, interrupts_noted, real_time_stop
from agent_chaos.patch.time.threads import outlived
from agent_chaos.patch.time.watch import watched
from agent_chaos.replay.match import ExchangeIndex
from agent_chaos.replay.player import Player
from agent_chaos.replay.toolbox import Toolbox
from agent_chaos.runtime import process_time
from agent_chaos.runtime.active import enter, leave
from agent_chaos.runtime.clock import VirtualClock
from agent_chaos.runtime.session import Session
from agent_chaos.runtime.tape import Tape
from agent_chaos.scenario.model import Scenario
from agent_chaos.trace.trace import Trace
from agent_chaos.trial.answers import Answerer
from agent_chaos.trial.conversation import Conversation
from agent_chaos.trial.http_answers import HttpAnswers
from agent_chaos.trial.injector import ChaosInjector
from agent_chaos.trial.online import Online
from agent_chaos.trial.tool_answers import ToolAnswers

_LAST_S = 1.0
"""Virtual seconds in which threads may end that were told to."""


class _Wall:
    """Keeps the wall clock in step with the virtual one."""

    def __init__(self, started_at: float) -> None:
        # The date begins where the recording began, since prompts hold it; the monotonic clock goes on from
        # the run before.
        self.clock = VirtualClock(started_at, self._advanced, monotonic_start_s=process_time.next_start_s())
        # Before the run: threads that an earlier one left read this clock from here on.
        process_time.begins(self.clock)
        # Without ticking: only waits move time, or how busy the machine is would show in a trace.
        self._traveller = time_machine.travel(started_at, tick=False)
        # Time may move before the traveller has started and after it has stopped, while threads end.
        self._move: Callable[[float], None] = lambda wall: None

    def _advanced(self, seconds: float) -> None:
        self._move(self.clock.wall())

    @contextmanager
    def moving(self) -> Iterator[None]:
        self._move = self._traveller.start().move_to
        try:
            with numbered_clocks():
                yield
        finally:
            self._move = lambda wall: None
            self._traveller.stop()


@dataclass(frozen=True, slots=True)
class TrialSetup:
    """A scenario's agent, the recording and the plan of one trial.

    `max_virtual_s` stops nothing by itself: a run may wait longer, as long as it does not do so in thousands of small waits.
    A run that is `online` asks the real provider what the cassette does not answer, and lets tools run whose arguments it does
    not know, and changes real files; so does one whose `copies_files` is False. `held` names calls of the
    model, with words for them, of which nothing outside of this process may come: structured output, and tools that no
    boundary sees.
    """

    scenario: Scenario
    index: ExchangeIndex
    plan: Plan
    max_requests: int
    max_virtual_s: float
    real_s: float = 30.0
    injector: ChaosInjector | None = None
    online: Online | None = None
    held: Mapping[str, str] = field(default_factory=dict)
    at_boundary: Collection[str] = ()
    copies_files: bool = True

    @classmethod
    def of(cls, scenario: Scenario, index: ExchangeIndex, plan: Plan, **options: Any) -> TrialSetup:
        """With the scenario's own limits, which are for what comes beyond the recording."""
        most = len(index) + scenario.max_requests
        return cls(scenario, index, plan, most, scenario.max_virtual_s, **options)


def run_trial(setup: TrialSetup, *, probing: bool = False) -> Trace:
    """Runs the agent against the cassette under the plan: a pure function of `setup` for a deterministic agent.

    One that is `probing` also notes what the agent would ask in one turn more (`Trace.probed`).
    """
    with trial_session(setup) as session:
        _conversation(setup, session, probing=probing).run()
    trace = session.tape.trace(setup.plan, session.clock.now() - session.excluded_s)
    return replace(trace, probed=session.probed)


@contextmanager
def trial_session(setup: TrialSetup) -> Iterator[Session]:
    """The stage of a trial: within the block this process is in its run."""
    header = setup.index.cassette.header
    wall = _Wall(header.started_at)
    session = Session(
        clock=wall.clock,
        tape=Tape(),
        # Two generators of one seed, so that one retry more does not shift what the agent itself draws.
        jitter=Random(header.seed),
        chance=Random(header.seed),
        max_virtual_s=setup.max_virtual_s,
    )
    # After the session, which its answers write to; so neither can be an argument of the other.
    session.answers = _answerer(setup, session)
    session.online = session.scheduler.outside.online = setup.online is not None
    session.copies_files = POSSIBLE and setup.copies_files and setup.online is None
    session.pure_tools = frozenset(setup.scenario.pure_tools)
    session.server_descriptions = tuple(
        (tool.name, tool.arguments, tool.end.result)
        for tool in setup.index.cassette.tools
        if not tool.is_call
    )
    watched()
    with (
        # Left from the last to the first: the process is put back once nothing of the agent runs any more,
        # and the stops go before the session that they would stop.
        process_kept(),
        files_copied(session),
        loops.without_uvloop(),
        environment().kept(),
        collector_paused(),
        seeded(header.seed),
        times_kept(setup.scenario.agent, wall.clock),
        wall.moving(),
        _active(session),
        _stops(session, setup.real_s),
    ):
        yield session
        _settle(session)


def _answerer(setup: TrialSetup, session: Session) -> Answerer:
    requests = HttpAnswers(
        session=session,
        index=setup.index,
        # An online run asks the provider where it would otherwise guess.
        player=Player(setup.index, setup.plan, guesses=setup.online is None),
        max_requests=setup.max_requests,
        ignore_hosts=setup.scenario.ignore_hosts,
        injector=setup.injector,
        online=setup.online,
        held=setup.held,
        at_boundary=setup.at_boundary,
    )
    toolbox = Toolbox(setup.index.recorded_tools, setup.plan)
    tools = ToolAnswers(session, setup.index, toolbox, setup.injector, setup.online)
    return Answerer(session, requests, tools)


def _conversation(setup: TrialSetup, session: Session, *, probing: bool) -> Conversation:
    conversation = Conversation(setup.scenario, session, injector=setup.injector, probing=probing)
    if setup.injector is not None:
        setup.injector.context = conversation.context
    return conversation


@contextmanager
def _active(session: Session) -> Iterator[None]:
    token = enter(session)
    try:
        yield
    finally:
        # Before `leave`, which ends threads that wait: those have outlived the run all the same.
        _note_threads(session)
        leave(session, token)
        end_busy(session)


@contextmanager
def _stops(session: Session, real_s: float) -> Iterator[None]:
    with interrupts_noted(session), real_time_stop(session, real_s):
        yield


def _settle(session: Session) -> None:
    """Lets the other threads do what takes no time, so that which of them outlive the run is no matter of chance."""
    if session.stopped:
        return
    try:
        session.scheduler.drain()
        # Between two rounds: a pool that is closed has told its threads to end, which they do at their next
        # turn.
        close(session)
        session.scheduler.drain()
        # Only where one is left, as most runs have none, and time that passes here costs each of them.
        if outlived(session.live_threads()):
            _let_pass(session, _LAST_S)
    except TrialStop:
        assert session.stopped, "only a stop ends a run that is over already"


def _let_pass(session: Session, seconds: float) -> None:
    """Lets a thread end that looks now and then whether it is to; the time, and what is done in it, belong to no trace."""
    with session.tape.aside():
        session.scheduler.sleep_until(session.clock.ns + round(seconds * 1e9))
    session.excluded_s += seconds


def _note_threads(session: Session) -> None:
    """Threads that outlive their trial are reported; from now on they are refused."""
    for name in sorted(set(outlived(session.live_threads()))):
        session.tape.incident(session.clock.now(), "thread", f"thread {name} outlived its trial")
