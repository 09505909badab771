"""The token limit is hit: inside a number of the answer, anywhere in its text, or inside a tool call."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal

from annotated_types import Ge, Le

from agent_chaos.faults.family import STOP_REASON, Frequency
from agent_chaos.faults.fault import Choice, MessageFault, Target
from agent_chaos.faults.parts.argument_text import inside, within_numbers
from agent_chaos.faults.parts.final_text import final_text, shortened
from agent_chaos.faults.parts.tool_call_parts import call_choices, tool_call_at, with_arguments
from agent_chaos.stream.exchange import Reply


class MaxTokensInNumber(MessageFault, frozen=True):
    """A complete reply that stopped for length inside a number of its text, and nothing follows: what is left is a number,
    too. `offset` chooses the place, beginning in the middle.

    Source: pydantic/pydantic-ai#3118, langchain-ai/langchain#39275 (a parser that mends JSON reads the part for the whole);
    tokenizers divide numbers after every third digit, so that a limit falls there.
    """

    family = STOP_REASON
    frequency = Frequency.EVERYDAY
    changes = ("text", "stop")

    kind: Literal["max_tokens_in_number"] = "max_tokens_in_number"
    offset: Annotated[int, Ge(0), Le(40)]

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        found = final_text(target)
        return ({},) if found is not None and within_numbers(found[2].text) else ()

    def apply(self, target: Target) -> Reply:
        found = final_text(target)
        if found is None:
            return target.reply
        turn, index, part = found
        places = within_numbers(part.text)
        if not places:
            return target.reply
        begun = replace(part, text=part.text[: places[(len(places) // 2 + self.offset) % len(places)]])
        stopped = replace(turn, parts=(*turn.parts[:index], begun)).with_stop("length")
        return target.protocol.render(stopped, target.reply)

    def describe(self) -> str:
        return "the token limit is hit inside a number of the answer"


class MaxTokensInText(MessageFault, frozen=True):
    """A complete reply that stopped for length: the text keeps all but `percent_lost` percent of it, and nothing
    follows.

    Source: crewAIInc/crewAI#5148, griptape-ai/griptape#2333, 567-labs/instructor#2210, openai/openai-agents-python#4513
    (no token at all).
    """

    family = STOP_REASON
    frequency = Frequency.EVERYDAY
    changes = ("text", "stop")

    kind: Literal["max_tokens_in_text"] = "max_tokens_in_text"
    percent_lost: Annotated[int, Ge(10), Le(100)]

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        return ({},) if final_text(target) is not None else ()

    def apply(self, target: Target) -> Reply:
        found = final_text(target)
        return target.reply if found is None else shortened(target, *found, self.percent_lost, "length")

    def describe(self) -> str:
        return f"the token limit is hit in the answer ({self.percent_lost} % lost)"


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
