"""The token limit is hit inside a tool call."""

from __future__ import annotations

from typing import Annotated, Literal

from annotated_types import Ge, Le

from agent_chaos.faults.family import STOP_REASON, Frequency
from agent_chaos.faults.fault import Choice, MessageFault, Target
from agent_chaos.faults.parts.argument_text import inside
from agent_chaos.faults.parts.tool_call_parts import call_choices, tool_call_at, with_arguments
from agent_chaos.stream.exchange import Reply


class MaxTokensInToolCall(MessageFault, frozen=True):
    """A complete reply that stopped for length: the arguments are cut, and nothing follows.

    Source: langchain-ai/langchain#39275, pydantic/pydantic-ai#2001 and #3118, mattmezza/humux#77.
    """

    family = STOP_REASON
    frequency = Frequency.EVERYDAY
    changes = ("calls", "stop")
    try_first = ("number",)

    kind: Literal["max_tokens_in_tool_call"] = "max_tokens_in_tool_call"
    call: Annotated[int, Ge(0)]
    within: Literal["string", "number"]
    offset: Annotated[int, Ge(0), Le(40)]

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        return tuple(
            {**choice, "within": within}
            for choice in call_choices(target)
            for within in ("string", "number")
            if cls(**choice, within=within, offset=0)._cut(target) is not None
        )

    def _cut(self, target: Target) -> str | None:
        found = tool_call_at(target, self.call)
        places = getattr(inside(found[2].arguments), self.within) if found else []
        if found is None or not places:
            return None
        # From the middle on, so that the smallest offset, to which shrinking leads, cuts where there is
        # something before and after.
        return found[2].arguments[: places[(len(places) // 2 + self.offset) % len(places)]]

    def apply(self, target: Target) -> Reply:
        found, arguments = tool_call_at(target, self.call), self._cut(target)
        if found is None or arguments is None:
            return target.reply
        return with_arguments(target, found[0], found[1], arguments, stop=True)

    def describe(self) -> str:
        return f"the token limit is hit inside a {self.within} of tool call {self.call}"
