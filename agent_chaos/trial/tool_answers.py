"""Answers the tool calls of a replayed run from its toolbox, and writes each onto the tape."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal

from agent_chaos.cassette.model import ToolEnd
from agent_chaos.chaos.trigger import CallContext
from agent_chaos.errors import ReplayMiss
from agent_chaos.faults.fault import Fault, ToolOutcome, ToolTarget
from agent_chaos.faults.plan import Site
from agent_chaos.replay.match import ExchangeIndex
from agent_chaos.replay.toolbox import Toolbox, ToolServed
from agent_chaos.runtime.answer import ToolAnswer
from agent_chaos.runtime.session import Session
from agent_chaos.trace.trace import ToolRun
from agent_chaos.trial.injector import ChaosInjector
from agent_chaos.trial.online import Online
from agent_chaos.trial.unobserved_tools import unwrapped_tools


@dataclass(eq=False)
class ToolAnswers:
    """Serves the tool calls of one trial, one at a time; `injector` and `online` are those of its requests."""

    session: Session
    index: ExchangeIndex
    toolbox: Toolbox
    injector: ChaosInjector | None = None
    online: Online | None = None
    _pending: dict[int, tuple[ToolServed, CallContext]] = field(default_factory=dict)
    _calls: Counter[tuple[str, int]] = field(default_factory=Counter)
    _moment: CallContext = field(default_factory=lambda: CallContext(0, 0, 0))

    def __post_init__(self) -> None:
        if self.injector is not None:
            self.toolbox.extra = self._faults

    def _faults(self, name: str, site: Site) -> Sequence[Fault]:
        assert self.injector is not None
        return self.injector.for_tool(replace(self._moment, site=site))

    @cached_property
    def unseen(self) -> frozenset[str]:
        """The tools that the model calls in the recording, and that no boundary saw."""
        return frozenset(unwrapped_tools(self.index.cassette, ()))

    def answer(self, name: str, arguments: Any, *, pure: bool) -> ToolAnswer:
        """What a wrapped tool does. Raises ReplayMiss for a tool that was never recorded."""
        # It has met its boundary; what is left there at the end ran past it.
        self.session.asked_for.pop(name, None)
        moment = self._noted_moment(name)
        served = self.toolbox.serve(name, arguments)
        # Online nobody has to be content with the nearest result: the tool runs, as live.
        unseen = self.online is not None and not served.same_arguments
        if unseen or (pure and served.outcome is None):
            answer = ToolAnswer(name, arguments, run=True)
            # By identity: arguments may be unhashable, and two calls under way may be equal. The boundary
            # holds the answer until the tool has ended, so its id is not given out again.
            self._pending[id(answer)] = served, moment
            return answer
        if served.record is None:
            detail = f"tool {name} was called but never recorded"
            self.session.tape.incident(self.session.clock.now(), "miss", detail)
            raise ReplayMiss(detail)
        answer = _recorded_answer(name, arguments, served)
        if self.injector is not None:
            self.injector.fired(served.fired, moment)
            answer = self._rewritten(answer, moment)
        self._write(answer, served, "recorded" if served.same_arguments else "nearest")
        return answer

    def _noted_moment(self, name: str) -> CallContext:
        turn = self.session.turn
        earlier = sum(number for (tool, _), number in self._calls.items() if tool == name)
        of_turn, now = self._calls[name, turn], self.session.clock.now()
        moment = CallContext(turn, earlier, of_turn, tool=name, at=now)
        self._calls[name, turn] += 1
        if self.injector is not None:
            self._moment = moment
        return moment

    def ran(self, answer: ToolAnswer, end: ToolEnd) -> ToolAnswer | None:
        """Notes how a tool that ran ended; what the agent gets instead, where a fault strikes."""
        ended = replace(answer, run=False, end=end)
        # With its own moment: other tools may have been called since this one began.
        served, self._moment = self._pending.pop(id(answer))
        if self.online is None or served.same_arguments:
            self._write(ended, served, "pure")
            return None
        return self._really_ran(ended)

    def _really_ran(self, ended: ToolAnswer) -> ToolAnswer | None:
        assert self.online is not None
        now, turn = self.session.clock.now(), self.session.turn
        index = self.online.ran(ended.name, ended.arguments, turn=turn, at=now, end=ended.end)
        # Numbered on from the recording, where the new call will stand once the branch is written.
        site = Site(of="tool", index=len(self.index.cassette.tools) + index)
        instead, fired = self.toolbox.faulted(site, ToolTarget(ended.name, ended.arguments, ended.end))
        answer = ended if instead is None else _answering(ended.name, ended.arguments, instead)
        if self.injector is not None:
            self.injector.fired(fired, self._moment)
            answer = self._rewritten(answer, self._moment)
        self._write(answer, ToolServed(None, site, False, instead, fired), "real")
        # None says that the boundary gives what the tool itself gave, the very object: a copy might be told
        # apart.
        return None if answer == ended else answer

    def _rewritten(self, answer: ToolAnswer, moment: CallContext) -> ToolAnswer:
        """The answer with what the scenario's own chaos makes of its result."""
        assert self.injector is not None
        result = self.injector.tool_result(moment, answer.end.result)
        return replace(answer, end=replace(answer.end, result=result))

    def _write(
        self, answer: ToolAnswer, served: ToolServed, effect: Literal["recorded", "nearest", "pure", "real"]
    ) -> None:
        self.session.tape.write(
            lambda seq: ToolRun(
                seq=seq,
                turn=self.session.turn,
                at=self.session.clock.now(),
                site=served.site,
                # As the model calls it, so that oracles find the run of a call by its name.
                name=self.index.model_names.get(answer.name, answer.name),
                arguments=answer.arguments,
                end=answer.end,
                effect=effect,
                fired=served.fired,
                after=self.session.tape.last_call_seq(),
                recorded=served.record.end.result if served.record is not None else None,
                duration_s=answer.delay_s,
                others=served.others,
                landed=served.outcome is None or served.outcome.performed,
                frame=self.session.calling_line(),
            )
        )


def _recorded_answer(name: str, arguments: Any, served: ToolServed) -> ToolAnswer:
    assert served.record is not None
    record = served.record
    outcome = served.outcome or ToolOutcome(record.end, delay_s=record.duration_s)
    # A fault's delay comes on top of the recorded time; without a fault that time is the delay.
    return _answering(name, arguments, outcome, took_s=record.duration_s if served.outcome else 0.0)


def _answering(name: str, arguments: Any, outcome: ToolOutcome, *, took_s: float = 0.0) -> ToolAnswer:
    return ToolAnswer(name, arguments, end=outcome.end, delay_s=outcome.delay_s + took_s)
