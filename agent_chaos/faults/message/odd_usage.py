"""The tokens of a reply are not counted, or not as they were."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal, get_args

from agent_chaos.faults.family import NOISE, Frequency
from agent_chaos.faults.fault import Choice, MessageFault, Target
from agent_chaos.providers.turn import Usage
from agent_chaos.stream.exchange import Reply

Counted = Literal["missing", "zero", "negative", "huge"]

_COUNTS = {"zero": 0, "negative": -1, "huge": 2_000_000_000}
_WORDS = {"missing": "no", "zero": "0", "negative": "-1", "huge": "2,000 million"}


class OddUsage(MessageFault, frozen=True):
    """A whole answer whose usage is absent, zero, negative, or two thousand million tokens.

    Source: BerriAI/litellm#9657; smolagents adds None to its counters, and agents with a budget of tokens stop.
    """

    family = NOISE
    frequency = Frequency.SOMETIMES
    changes = ("usage",)

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
        assert turn.usage is not None
        count = _COUNTS.get(self.counted)
        usage = None if count is None else _counting(turn.usage, count)
        return target.protocol.render(replace(turn, usage=usage), target.reply)

    def describe(self) -> str:
        return f"{_WORDS[self.counted]} tokens are counted"


def _counting(usage: Usage, count: int) -> Usage:
    """Other counts of input and output, of which the finer ones stay a part."""
    return replace(usage, input_tokens=count, output_tokens=count, extra=_capped(dict(usage.extra), count))


def _capped(value: Any, most: int) -> Any:
    # The cached or the reasoning tokens must not exceed the whole that they are a part of: that would be a
    # second fault, with clients that subtract.
    if isinstance(value, dict):
        return {name: _capped(one, most) for name, one in value.items()}
    if isinstance(value, list):
        return [_capped(one, most) for one in value]
    return min(value, max(most, 0)) if isinstance(value, int) and not isinstance(value, bool) else value
