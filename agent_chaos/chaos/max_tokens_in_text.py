"""The token limit is hit in the answer."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal

from annotated_types import Ge, Le

from agent_chaos.chaos.fault import Choice, MessageFault, Target
from agent_chaos.providers.protocol import ModelTurn, Text
from agent_chaos.stream.exchange import Reply


class MaxTokensInText(MessageFault, frozen=True):
    """A complete reply that stopped for length: the text keeps all but `percent_lost` percent of it, and nothing follows.

    Source: M11; crewAI#5148, griptape#2333, instructor#2210.
    """

    family = "stop_reason"

    kind: Literal["max_tokens_in_text"] = "max_tokens_in_text"
    percent_lost: Annotated[int, Ge(10), Le(95)]

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        return ({},) if _last_text(target) is not None else ()

    def apply(self, target: Target) -> Reply:
        found = _last_text(target)
        if found is None:
            return target.reply
        turn, index, part = found
        kept = max(1, len(part.text) * (100 - self.percent_lost) // 100)
        shorter = replace(turn, parts=(*turn.parts[:index], replace(part, text=part.text[:kept])))
        return target.protocol.render(shorter.with_stop("length"), target.reply)

    def describe(self) -> str:
        return f"the token limit is hit in the answer ({self.percent_lost} % lost)"


def _last_text(target: Target) -> tuple[ModelTurn, int, Text] | None:
    """The text of a turn that ends in text and calls no tool."""
    if not target.reply.ok:
        return None
    turn = target.protocol.parse(target.reply)
    texts = [(i, part) for i, part in enumerate(turn.parts) if isinstance(part, Text) and len(part.text) > 1]
    return (turn, *texts[-1]) if texts and not turn.tool_calls and turn.stop == "end" else None
