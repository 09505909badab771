"""The sentinel at the end of a stream is missing."""

from __future__ import annotations

from typing import Literal

from agent_chaos.faults.family import DIVISION, Frequency
from agent_chaos.faults.fault import Choice, StreamFault, Target
from agent_chaos.faults.parts.stream_frames import with_frames
from agent_chaos.stream.exchange import Reply

_DONE = "[DONE]"


class LostDone(StreamFault, frozen=True):
    """The stream ends after its finish reason, without `[DONE]`: the reply is whole all the same.

    Source: maximhq/bifrost#6784, earendil-works/pi#7441 (gateways that leave it out).
    """

    family = DIVISION
    frequency = Frequency.SOMETIMES
    needs = frozenset({"done"})
    transparent = True

    kind: Literal["lost_done"] = "lost_done"

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        return ({},) if target.reply.ok and any(one.data == _DONE for one in target.frames) else ()

    def apply(self, target: Target) -> Reply:
        if not self.openings(target):
            return target.reply
        return with_frames(target, [b"" if one.data == _DONE else one.raw for one in target.frames])

    def describe(self) -> str:
        return "the stream ends without [DONE]"
