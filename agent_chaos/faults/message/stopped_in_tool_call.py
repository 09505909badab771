"""A tool call breaks off for another reason than the length of the reply."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal

from annotated_types import Ge, Le

from agent_chaos.faults.family import STOP_REASON, Frequency
from agent_chaos.faults.fault import Choice, MessageFault, Target
from agent_chaos.faults.parts.tool_call_parts import call_choices, tool_call_at
from agent_chaos.stream.exchange import Reply


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
