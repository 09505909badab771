"""The answer stops before it is whole: at the token limit, or because the model paused."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal

from annotated_types import Ge, Le

from agent_chaos.chaos.fault import Choice, MessageFault, Target
from agent_chaos.providers.protocol import ModelTurn, Stop, Text
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
        return target.reply if found is None else _shortened(target, *found, self.percent_lost, "length")

    def describe(self) -> str:
        return f"the token limit is hit in the answer ({self.percent_lost} % lost)"


class PausedInText(MessageFault, frozen=True):
    """A complete reply that paused (`pause_turn`, `CONTINUATION`): the rest comes only to a client that asks on.

    Source: M14, M15; pydantic-ai#2600, Anthropic's server tools pause long turns.
    """

    family = "stop_reason"

    kind: Literal["paused_in_text"] = "paused_in_text"
    percent_lost: Annotated[int, Ge(10), Le(95)]

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        if _last_text(target) is None:
            return ()
        paused = target.protocol.parse(target.reply).with_stop("pause")
        rendered = target.protocol.render(paused, target.reply)
        return ({},) if target.protocol.parse(rendered).stop == "pause" else ()

    def apply(self, target: Target) -> Reply:
        found = _last_text(target) if self.openings(target) else None
        return target.reply if found is None else _shortened(target, *found, self.percent_lost, "pause")

    def describe(self) -> str:
        return f"the model pauses in the answer ({self.percent_lost} % still to come)"


def _shortened(
    target: Target, turn: ModelTurn, index: int, part: Text, percent_lost: int, stop: Stop
) -> Reply:
    kept = max(1, len(part.text) * (100 - percent_lost) // 100)
    shorter = replace(turn, parts=(*turn.parts[:index], replace(part, text=part.text[:kept])))
    return target.protocol.render(shorter.with_stop(stop), target.reply)


def _last_text(target: Target) -> tuple[ModelTurn, int, Text] | None:
    """The text of a turn that ends in text and calls no tool."""
    if not target.reply.ok:
        return None
    turn = target.protocol.parse(target.reply)
    texts = [(i, part) for i, part in enumerate(turn.parts) if isinstance(part, Text) and len(part.text) > 1]
    return (turn, *texts[-1]) if texts and not turn.tool_calls and turn.stop == "end" else None
