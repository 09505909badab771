"""How turns end, on the tape of a run and in the context of its agent."""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import Any

from agent_chaos.faults.plan import Plan
from agent_chaos.patch.tool_values import jsonable
from agent_chaos.results.context import ChaosContext
from agent_chaos.results.metrics import MetricsStore
from agent_chaos.results.turn_result import TurnResult
from agent_chaos.runtime.session import Session
from agent_chaos.runtime.tape import raised_names, words_of
from agent_chaos.runtime.user_code import raising_frames
from agent_chaos.trace.stack_frame import StackFrame
from agent_chaos.trace.trace import Answer, Raised, portable
from agent_chaos.trial.compute_metrics import measured
from agent_chaos.trial.injector import ChaosInjector


class TurnLog:
    """Writes the turns of one run, one after the other."""

    def __init__(
        self, session: Session, context: ChaosContext, injector: ChaosInjector | None = None
    ) -> None:
        self._injector = injector
        self._session = session
        self._context = context
        self._started = 0.0
        self._dynamic = False
        context.follow(self._so_far)

    def _so_far(self) -> MetricsStore:
        trace = self._session.tape.so_far(Plan(), self._session.clock.now())
        return measured(trace, self._injector)

    def starts(self, number: int, *, dynamic: bool = False) -> None:
        """What follows belongs to this turn; `dynamic` says that its input is made of the turns before."""
        self._dynamic = dynamic
        self._session.turn = self._context.current_turn = number
        self._started = self._session.clock.now()

    def answered(self, text: str, result: Any) -> TurnResult:
        """The turn ended with what the agent returned for an input."""
        turn, now = self._session.turn, self._session.clock.now()
        answer, value = answer_text(result), jsonable(result)
        self._session.tape.write(lambda seq: Answer(seq, turn, now, text, answer, value))
        return self._finished(TurnResult(turn_number=turn, input=text, response=answer, success=True))

    def raised(self, text: str, exc: BaseException) -> TurnResult:
        """The turn ended in an exception, of a group the first."""
        turn, now = self._session.turn, self._session.clock.now()
        # A task group wraps what it met, and the user reads of what went wrong, not of the group.
        while isinstance(exc, BaseExceptionGroup):
            exc = exc.exceptions[0]
        # Names, not the classes: a trace is a value that outlives the agent's modules and crosses
        # processes.
        name, bases = raised_names(exc)
        # Runs are compared, those of other machines too.
        message = portable(words_of(exc))
        shown = portable(words_of("".join(traceback.format_exception(exc))))
        frame, origin = raising_frames(exc.__traceback__)
        where = frame_name(frame)
        self._session.tape.write(
            lambda seq: Raised(
                seq, turn, now, text, name, message, bases, where, shown, frame or self._session.agent, origin
            )
        )
        error = f"{name}: {message}"
        return self._finished(
            TurnResult(turn_number=turn, input=text, response="", success=False, error=error)
        )

    def _finished(self, result: TurnResult) -> TurnResult:
        seconds = self._session.clock.now() - self._started
        finished = result.model_copy(update={"duration_s": seconds, "is_dynamic": self._dynamic})
        self._context.turn_ended(finished)
        return finished


def answer_text(result: Any) -> str:
    """What the user reads: `result["response"]` of a dict, '' for None, else its `str`."""
    # As 0.1.3 had agents answer; anything else beside it is the agent's own.
    if isinstance(result, dict) and "response" in result:
        return answer_text(result["response"])
    return "" if result is None else words_of(result)


def frame_name(frame: StackFrame | None) -> str:
    """`file.py:function` of a line; '' where there is none."""
    return f"{Path(frame.file).name}:{frame.function}" if frame is not None else ""
