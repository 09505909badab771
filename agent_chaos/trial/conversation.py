"""Drives an agent through the turns of its scenario, recorded and replayed alike."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from typing import Any

from agent_chaos.errors import TrialStop
from agent_chaos.patch.process_state import builtins_kept
from agent_chaos.patch.time import tasks
from agent_chaos.patch.tools import tool
from agent_chaos.results.context import ChaosContext
from agent_chaos.runtime.session import Session
from agent_chaos.runtime.user_code import defined_at, raising_frames
from agent_chaos.scenario.agent import takes_context
from agent_chaos.scenario.model import Scenario, Turn
from agent_chaos.trial.injector import ChaosInjector
from agent_chaos.trial.probe import Probe
from agent_chaos.trial.turn_log import TurnLog, frame_name


class Conversation:
    """One run of an agent: setup, every turn, teardown, on one event loop.

    Args:
        on_turn: called as each turn starts, with its number and input.
        injector: changes what the user says, where chaos does.
        probing: notes what the agent would ask in one turn more, in which the user says the last thing again.
    """

    def __init__(
        self,
        scenario: Scenario,
        session: Session,
        on_turn: Callable[[int, str], None] = lambda turn, text: None,
        injector: ChaosInjector | None = None,
        *,
        probing: bool = False,
    ) -> None:
        self._amend = injector.user_input if injector else lambda turn, text: text
        self._scenario = scenario
        self._agent: Callable[..., Any] | None = None
        self._takes_context = takes_context(scenario.agent)
        self._session = session
        session.agent = defined_at(scenario.agent)
        self._on_turn = on_turn
        self._probing = probing
        self._said = ""
        self._runner: asyncio.Runner | None = None
        self.context = ChaosContext(scenario.name, tool)
        self._log = TurnLog(session, self.context, injector)

    def run(self) -> None:
        """Runs everything; what happened is on the session's tape. A TrialStop ends it quietly."""
        with self._loop():
            try:
                with self._surroundings("setup"):
                    self._call(self._scenario.setup)
                for number, turn in enumerate(self._scenario.turns):
                    if not self._turn(number, turn):
                        break
                # The run went to its end: one that was stopped has nothing more to ask.
                else:
                    self._probe()
            finally:
                # Also after a stop: what `setup` started must not be there in the next trial.
                with self._surroundings("teardown"):
                    self._call(self._scenario.teardown)
            self._note_tasks()

    def _note_tasks(self) -> None:
        """Tasks that the agent left to itself, at the moment when its loop is about to close."""
        if self._stopped() or not tasks.unfinished(self._session):
            return
        if self._runner is not None:
            # A task that was told to end a moment ago is no leak.
            self._runner.run(tasks.settled())
        for name in tasks.unfinished(self._session):
            self._session.tape.incident(self._session.clock.now(), "task", name)

    @contextmanager
    def _surroundings(self, what: str) -> Iterator[None]:
        """The scenario's own code around the agent: where it fails, the run shows nothing about the agent, and ends."""
        try:
            yield
        except Exception as exc:  # users' code may raise anything; a stop is no Exception and passes
            where = frame_name(raising_frames(exc.__traceback__)[0])
            detail = f"{what} fails{' in ' + where if where else ''}: {type(exc).__name__}: {exc}"
            self._session.tape.incident(self._session.clock.now(), "harness", detail)
            raise TrialStop(detail) from exc

    @contextmanager
    def _loop(self) -> Iterator[None]:
        try:
            yield
        except TrialStop:
            if not self._stopped():
                raise
        finally:
            self._close()

    def _close(self) -> None:
        if self._runner is None:
            return
        try:
            self._runner.close()
        # Tasks that are cancelled may raise the stop again, or anything else in its place.
        except BaseException:
            if not self._stopped():
                raise

    def _turn(self, number: int, turn: Turn) -> bool:
        """Runs a turn; False where the run is over."""
        self._log.starts(number, dynamic=turn.is_dynamic())
        with self._surroundings(f"the input of turn {number}"):
            said = turn.input if isinstance(turn.input, str) else turn.get_input(self.context.turn_results)
            # Kept as it was said after chaos, for the probe: it asks in the words that the agent heard
            # last.
            text = self._said = self._amend(number, said)
        # Before the agent is asked: a recording that breaks off in a turn shall hold what the turn was
        # about.
        self._on_turn(number, text)
        try:
            result = self._ask(text)
        # The agent's crash is a result of the run, `SystemExit` and what a task group wraps included.
        except BaseException as exc:
            # Ctrl-C is the user's, whatever exception the agent made of it.
            if self._session.interrupted:
                raise
            if self._stopped():
                return False
            self._log.raised(text, exc)
            # A process that exits has no next turn; after any other exception its user may go on.
            return not isinstance(exc, SystemExit)
        if self._stopped():
            return False
        self._log.answered(text, result)
        return True

    def _ask(self, text: str) -> Any:
        known = (self.context, text) if self._takes_context else (text,)
        # An agent may replace `json.dumps` or `open`, with which its answer is then read and kept.
        with builtins_kept():
            return self._call(self._agent_of_run(), *known)

    def _agent_of_run(self) -> Callable[..., Any]:
        """The scenario's agent; of a class, an instance of the run's own."""
        # With the first turn, not before: what a class does as it is instantiated belongs to the run, after
        # `setup`.
        if self._agent is None:
            self._agent = _made(self._scenario.agent)
        return self._agent

    def _probe(self) -> None:
        """Only where a history can be: in the run's state, or in an agent that the scenario starts afresh."""
        scenario = self._scenario
        if self._probing and (self.context.agent_state or scenario.setup or scenario.teardown):
            probe = Probe(self._session)
            self._session.probed = probe.asked(lambda: self._ask(self._said))

    def _stopped(self) -> bool:
        return self._session.stopped

    def _call(self, fn: Callable[..., Any] | None, *args: Any) -> Any:
        if fn is None:
            return None
        result = fn(*args)
        # More than once: a coroutine may return an iterator, whose pieces are the answer.
        while inspect.isawaitable(result) or isinstance(result, AsyncIterator | Iterator):
            result = self._gone_through(result)
        return result

    def _gone_through(self, result: Any) -> Any:
        """What is awaited or iterated happens within the run; pieces of text become one."""
        if isinstance(result, Iterator):
            return _joined(list(result))
        if self._runner is None:
            # One loop for setup, all turns and teardown: clients of the SDKs are bound to the loop they were
            # first used on.
            self._runner = asyncio.Runner()
        # A coroutine shows where it is waiting, which an exception from outside of it does not.
        self._session.awaited = result
        return self._runner.run(_awaited(result) if inspect.isawaitable(result) else _collected(result))


def _made(agent: Any) -> Any:
    return agent() if inspect.isclass(agent) else agent


def _joined(pieces: list[Any]) -> Any:
    return "".join(pieces) if all(isinstance(piece, str) for piece in pieces) else pieces


async def _collected(pieces: AsyncIterator[Any]) -> Any:
    return _joined([piece async for piece in pieces])


async def _awaited(value: Any) -> Any:
    return await value
