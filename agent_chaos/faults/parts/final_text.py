"""The text that a turn ends in, and the turn with a part of it. Shared by the faults that stop an answer short."""

from __future__ import annotations

from dataclasses import replace

from agent_chaos.faults.fault import Target
from agent_chaos.providers.turn import ModelTurn, StopReason, Text
from agent_chaos.stream.exchange import Reply

FinalText = tuple[ModelTurn, int, Text]
"""A turn, and index and value of its last text."""


def final_text(target: Target) -> FinalText | None:
    """The text of a turn that ends in text and calls no tool; None where there is none."""
    if not target.reply.ok:
        return None
    turn = target.protocol.parse(target.reply)
    # Of a single character nothing can be lost but all of it.
    texts = [(i, part) for i, part in enumerate(turn.parts) if isinstance(part, Text) and len(part.text) > 1]
    return (turn, *texts[-1]) if texts and not turn.tool_calls and turn.stop == "end" else None


def kept(part: Text, percent_lost: int) -> int:
    """How many characters of a text are left: one at least, unless all of it is lost."""
    return max(percent_lost < 100, len(part.text) * (100 - percent_lost) // 100)


def shortened(
    target: Target, turn: ModelTurn, index: int, part: Text, percent_lost: int, stop: StopReason
) -> Reply:
    """The reply without the last `percent_lost` percent of the text, and nothing after it, stopped for `stop`."""
    begun = replace(part, text=part.text[: kept(part, percent_lost)])
    parts = (*turn.parts[:index], begun) if begun.text else turn.parts[:index]
    return target.protocol.render(replace(turn, parts=parts).with_stop(stop), target.reply)
