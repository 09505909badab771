"""Drives an agent through the turns of its scenario, recorded and replayed alike."""

from __future__ import annotations

import asyncio
import inspect
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

from agent_chaos.core.context import ChaosContext
from agent_chaos.core.results import TurnResult
from agent_chaos.core.session import Session
from agent_chaos.core.tape import raised_names
from agent_chaos.core.trace import Answer, Raised, without_addresses
from agent_chaos.errors import TrialStop
from agent_chaos.patch.tools import jsonable, tool
from agent_chaos.scenario.model import Scenario, Turn

_PACKAGE = str(Path(__file__).resolve().parent.parent)
_LIBRARIES = ("site-packages", "dist-packages", str(Path(asyncio.__file__).parent.parent))


class Conversation:
    """One run of an agent: setup, every turn, teardown, on one event loop.

    Args:
        on_turn: called as each turn starts, with its number and input.
        amend: what the user says instead, given the turn's number and input.
    """

    def __init__(
        self,
        scenario: Scenario,
        session: Session,
        on_turn: Callable[[int, str], None] = lambda turn, text: None,
        amend: Callable[[int, str], str] = lambda turn, text: text,
    ) -> None:
        self._amend = amend
        self._scenario = scenario
        self._session = session
        self._on_turn = on_turn
        self._runner: asyncio.Runner | None = None
        self.context = ChaosContext(scenario.name, tool)

    def run(self) -> None:
        """Runs everything; what happened is on the session's tape. A TrialStop ends it quietly."""
        with self._loop():
            try:
                with self._surroundings("setup"):
                    self._call(self._scenario.setup)
                for number, turn in enumerate(self._scenario.turns):
                    if not self._turn(number, turn):
                        break
            finally:
                with self._surroundings("teardown"):
                    self._call(self._scenario.teardown)

    @contextmanager
    def _surroundings(self, what: str) -> Iterator[None]:
        """The scenario's own code around the agent: where it fails, the run shows nothing about the agent, and ends."""
        try:
            yield
        except Exception as exc:
            where = innermost_user_frame(exc.__traceback__)
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
        except BaseException:  # tasks that are cancelled may raise the stop again
            if not self._stopped():
                raise

    def _turn(self, number: int, turn: Turn) -> bool:
        """Runs a turn; False where the run is over."""
        self._session.turn = self.context.current_turn = number
        with self._surroundings(f"the input of turn {number}"):
            text = self._amend(number, turn.get_input(self.context.turn_results))
        self._on_turn(number, text)
        started = self._session.clock.now()
        try:
            result = self._call(self._scenario.agent, self.context, text)
        except KeyboardInterrupt:
            raise
        except BaseException as exc:  # noqa: BLE001 - the agent's own crash is the result
            if self._stopped():
                return False
            self._raised(number, text, exc, started)
            return not isinstance(exc, SystemExit)
        if self._stopped():
            return False
        self._answered(number, text, result, started)
        return True

    def _stopped(self) -> bool:
        return self._session.tape.has("miss", "budget", "timeout", "harness")

    def _call(self, fn: Callable[..., Any] | None, *args: Any) -> Any:
        if fn is None:
            return None
        result = fn(*args)
        if not inspect.isawaitable(result):
            return result
        if self._runner is None:
            self._runner = asyncio.Runner()
        return self._runner.run(_awaited(result))

    def _answered(self, number: int, text: str, result: Any, started: float) -> None:
        now, answer = self._session.clock.now(), answer_text(result)
        value = jsonable(result)
        self._session.tape.write(lambda seq: Answer(seq, number, now, text, answer, value))
        self._finished(TurnResult(turn_number=number, input=text, response=answer, success=True), started)

    def _raised(self, number: int, text: str, exc: BaseException, started: float) -> None:
        now = self._session.clock.now()
        while isinstance(exc, BaseExceptionGroup):
            exc = exc.exceptions[0]
        name, bases = raised_names(exc)
        message = without_addresses(str(exc))
        shown = without_addresses("".join(traceback.format_exception(exc)))
        where = innermost_user_frame(exc.__traceback__)
        self._session.tape.write(
            lambda seq: Raised(seq, number, now, text, name, message, bases, where, shown)
        )
        error = f"{name}: {message}"
        result = TurnResult(turn_number=number, input=text, response="", success=False, error=error)
        self._finished(result, started)

    def _finished(self, result: TurnResult, started: float) -> None:
        seconds = self._session.clock.now() - started
        self.context.turn_results.append(result.model_copy(update={"duration_s": seconds}))


async def _awaited(value: Any) -> Any:
    return await value


def answer_text(result: Any) -> str:
    """What the user reads: `result["response"]` of a dict, '' for None, else its `str`."""
    if isinstance(result, dict) and "response" in result:
        return answer_text(result["response"])
    return "" if result is None else str(result)


def innermost_user_frame(tb: TracebackType | None) -> str:
    """`file.py:function` of the deepest frame that is neither a library nor agent-chaos; '' where there is none."""
    found = ""
    for frame in traceback.extract_tb(tb):
        path = frame.filename
        if not path.startswith((_PACKAGE, "<", sys.prefix)) and not any(part in path for part in _LIBRARIES):
            inner = frame.name.startswith("<") and found.startswith(f"{Path(path).name}:")
            found = found if inner else f"{Path(path).name}:{frame.name}"
    return found
