"""The body stops for a while, and goes on."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal

from agent_chaos.faults.family import TIMEOUT, Frequency
from agent_chaos.faults.fault import Choice, Drawn, Seconds, Target, TransportFault
from agent_chaos.faults.parts.positions import IN_WORDS, Boundary, offset_at, openings
from agent_chaos.stream.exchange import Data, Reply, ReplyEvent


class Stall(TransportFault, frozen=True):
    """A gap of `seconds` inside the body; a client whose read timeout is shorter gives up there.

    Source: agent0ai/agent-zero#1882, NousResearch/hermes-agent#75463, BerriAI/litellm#29808.
    """

    family = TIMEOUT
    frequency = Frequency.EVERYDAY

    kind: Literal["stall"] = "stall"
    boundary: Boundary
    seconds: Annotated[Seconds, Drawn(10, 900)]
    # No search draws it: only plans with `after_frames` (`llm_stream_hang`, the spaces of 0.1.3) give another
    # number.
    frames: int = 0

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        return openings(target, bytes_only=True)

    def apply(self, target: Target) -> Reply:
        at = offset_at(target, self.boundary, self.frames)
        return target.reply if at is None else _stalled(target.reply, at, float(self.seconds))

    def describe(self) -> str:
        return f"the reply stalls for {self.seconds} s {IN_WORDS[self.boundary]}"


def _stalled(reply: Reply, at: int, seconds: float) -> Reply:
    events: list[ReplyEvent] = []
    seen = 0
    for event in reply.events:
        late = seconds if seen >= at else 0.0
        if isinstance(event, Data):
            before = max(0, at - seen)
            seen += len(event.data)
            # The place is inside of a chunk: its beginning still comes in time.
            if 0 < before < len(event.data):
                events += [Data(event.data[:before], event.at), Data(event.data[before:], event.at + seconds)]
                continue
        events.append(replace(event, at=event.at + late))
    return Reply(tuple(events))
