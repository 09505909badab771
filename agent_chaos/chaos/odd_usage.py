"""The tokens of a reply are not counted, or not as they were."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, get_args

from agent_chaos.chaos.fault import Choice, MessageFault, Target
from agent_chaos.providers.protocol import Usage
from agent_chaos.stream.exchange import Reply

Counted = Literal["missing", "zero", "huge"]

_COUNTS = {"zero": Usage(0, 0), "huge": Usage(2_000_000_000, 2_000_000_000)}


class OddUsage(MessageFault, frozen=True):
    """A whole answer whose usage is absent, zero, or two thousand million tokens.

    Source: M18; smolagents adds None to its counters, and agents with a budget of tokens stop.
    """

    family = "noise"

    kind: Literal["odd_usage"] = "odd_usage"
    counted: Counted

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        turn = target.protocol.parse(target.reply) if target.reply.ok else None
        return (
            tuple({"counted": one} for one in get_args(Counted)) if turn and turn.parts and turn.usage else ()
        )

    def apply(self, target: Target) -> Reply:
        if not self.openings(target):
            return target.reply
        turn = target.protocol.parse(target.reply)
        return target.protocol.render(replace(turn, usage=_COUNTS.get(self.counted)), target.reply)

    def describe(self) -> str:
        return {"missing": "no tokens are counted", "zero": "0 tokens are counted"}.get(
            self.counted, "2,000 million tokens are counted"
        )
