"""The reply comes late: its first byte, or every chunk of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal

from agent_chaos.faults.family import PACE, Frequency
from agent_chaos.faults.fault import Choice, Drawn, Seconds, Target, TransportFault
from agent_chaos.stream.exchange import Data, Head, Reply, ReplyEvent, delayed


class SlowFirstByte(TransportFault, frozen=True):
    """`seconds` more before the first byte.

    Source: agent0ai/agent-zero#1882; agents without a deadline hang.
    """

    family = PACE
    frequency = Frequency.EVERYDAY
    transparent = True

    kind: Literal["slow_first_byte"] = "slow_first_byte"
    seconds: Annotated[Seconds, Drawn(1, 120)]

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        # An error may be late too, so `ok` is not asked for; without a head there is no first byte.
        return ({},) if target.reply.head else ()

    def apply(self, target: Target) -> Reply:
        return delayed(target.reply, float(self.seconds)) if target.reply.head else target.reply

    def describe(self) -> str:
        return f"the first byte comes {self.seconds} s later"


class SlowStream(TransportFault, frozen=True):
    """`seconds` more before each chunk of a stream; no single gap need reach a timeout.

    Source: agent0ai/agent-zero#1882; a read timeout counts from byte to byte, so that a slow drip never reaches it.
    """

    family = PACE
    frequency = Frequency.SOMETIMES
    transparent = True

    kind: Literal["slow_stream"] = "slow_stream"
    seconds: Annotated[Seconds, Drawn(1, 30)]

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        return ({},) if target.reply.ok and target.streamed and target.reply.body else ()

    def apply(self, target: Target) -> Reply:
        if not self.openings(target):
            return target.reply
        events: list[ReplyEvent] = []
        late = 0.0
        for event in target.reply.events:
            late += self.seconds if isinstance(event, Data) else 0.0
            events.append(event if isinstance(event, Head) else replace(event, at=event.at + late))
        return Reply(tuple(events))

    def describe(self) -> str:
        return f"every chunk comes {self.seconds} s later"
