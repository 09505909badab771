"""An answer, or a tool call, breaks off for another reason than its length."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal

from annotated_types import Ge, Le

from agent_chaos.faults.family import STOP_REASON, Frequency
from agent_chaos.faults.fault import Choice, MessageFault, Target
from agent_chaos.faults.parts.final_text import final_text, kept
from agent_chaos.faults.parts.tool_call_parts import call_choices, tool_call_at
from agent_chaos.stream.exchange import Reply


class StoppedInText(MessageFault, frozen=True):
    """A complete reply that a filter, a refusal, an error or an unknown `reason` broke off: `percent_lost` percent of
    the answer's text are missing, and nothing follows. `reason` is the provider's own word.

    Source: pydantic/pydantic-ai#5249, spiceai/spiceai#12596, Pasta-Devs/Marinara-Engine#3039 (a part of an answer that
    passes for the whole one).
    """

    family = STOP_REASON
    frequency = Frequency.SOMETIMES
    changes = ("text", "stop")
    needs = frozenset({"early_stops"})

    kind: Literal["stopped_in_text"] = "stopped_in_text"
    reason: str
    percent_lost: Annotated[int, Ge(5), Le(95)]

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        if final_text(target) is None:
            return ()
        return tuple({"reason": reason} for reason in target.protocol.specifics.early_stops)

    def apply(self, target: Target) -> Reply:
        found, stop = final_text(target), target.protocol.specifics.early_stops.get(self.reason)
        if found is None or stop is None:
            return target.reply
        turn, index, part = found
        begun = replace(part, text=part.text[: kept(part, self.percent_lost)])
        # The provider's own word, not the neutral stop: several words map to one stop, and SDKs branch on the
        # word.
        stopped = replace(turn, parts=(*turn.parts[:index], begun), stop=stop, stop_raw=self.reason)
        return target.protocol.render(stopped, target.reply)

    def describe(self) -> str:
        return f"the answer breaks off with {self.reason!r} ({self.percent_lost} % lost)"


class StoppedInToolCall(MessageFault, frozen=True):
    """A complete reply that a filter, a refusal or an error broke off inside the arguments of a tool call: `percent_lost`
    percent of them are missing, and nothing follows. `reason` is the provider's own word.

    Source: langchain-ai/langchain#39275 (arguments that were cut and executed), OpenRouter's docs, API overview (`error`
    as a finish reason), google/adk-python#1521.
    """

    family = STOP_REASON
    frequency = Frequency.RARE
    changes = ("calls", "stop")
    needs = frozenset({"early_stops"})

    kind: Literal["stopped_in_tool_call"] = "stopped_in_tool_call"
    reason: str
    call: Annotated[int, Ge(0)]
    percent_lost: Annotated[int, Ge(5), Le(95)]

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        return tuple(
            {**call, "reason": reason}
            for call in call_choices(target)
            for reason in target.protocol.specifics.early_stops
            # An opening must hold for every percentage that the search may draw, and short arguments have no
            # 5 % to lose: the ends of the range stand for what lies between.
            if all(
                cls(**call, reason=reason, percent_lost=lost).apply(target) is not target.reply
                for lost in (5, 95)
            )
        )

    def apply(self, target: Target) -> Reply:
        found, stop = tool_call_at(target, self.call), target.protocol.specifics.early_stops.get(self.reason)
        if found is None or stop is None:
            return target.reply
        turn, index, call = found
        length = max(1, len(call.arguments) * (100 - self.percent_lost) // 100)
        begun = replace(call, arguments=call.arguments[:length])
        stopped = replace(turn, parts=(*turn.parts[:index], begun), stop=stop, stop_raw=self.reason)
        return target.protocol.render(stopped, target.reply)

    def describe(self) -> str:
        return f"tool call {self.call} breaks off with {self.reason!r} ({self.percent_lost} % lost)"
