"""The token limit is hit inside a number of an answer."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal

from annotated_types import Ge, Le

from agent_chaos.faults.family import STOP_REASON, Frequency
from agent_chaos.faults.fault import Choice, MessageFault, Target
from agent_chaos.faults.parts.argument_text import within_numbers
from agent_chaos.faults.parts.final_text import final_text
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
