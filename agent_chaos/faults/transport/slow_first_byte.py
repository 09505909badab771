"""The reply starts late."""

from __future__ import annotations

from typing import Annotated, Literal

from annotated_types import Ge, Le

from agent_chaos.faults.family import PACE, Frequency
from agent_chaos.faults.fault import Choice, Drawn, Target, TransportFault
from agent_chaos.stream.exchange import Reply, delayed


class SlowFirstByte(TransportFault, frozen=True):
    """`seconds` more before the first byte.

    Source: agent0ai/agent-zero#1882; agents without a deadline hang.
    """

    family = PACE
    frequency = Frequency.EVERYDAY
    transparent = True

    kind: Literal["slow_first_byte"] = "slow_first_byte"
    seconds: Annotated[int | float, Ge(0), Le(1_000_000), Drawn(1, 120)]

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        return ({},) if target.reply.head else ()

    def apply(self, target: Target) -> Reply:
        return delayed(target.reply, float(self.seconds)) if target.reply.head else target.reply

    def describe(self) -> str:
        return f"the first byte comes {self.seconds} s later"
