"""A stream that says nothing but that it is alive."""

from __future__ import annotations

from typing import Literal

from agent_chaos.faults.family import BODY, Frequency
from agent_chaos.faults.fault import Choice, StreamFault, Target
from agent_chaos.stream.exchange import Data, End, Reply


class OnlyNoise(StreamFault, frozen=True):
    """Keep-alive frames and a clean end, without one event of a reply.

    Source: openai/openai-python#2722 (blocks without data); genai raises, the others read nothing.
    """

    family = BODY
    frequency = Frequency.RARE
    changes = ("turn",)
    needs = frozenset({"keep_alives"})

    kind: Literal["only_noise"] = "only_noise"

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        possible = cls.fits(target.protocol) and target.streamed
        return ({},) if possible and target.reply.ok and target.reply.body else ()

    def apply(self, target: Target) -> Reply:
        head = target.reply.head
        if head is None or not self.openings(target):
            return target.reply
        noise = target.protocol.noise()[-1] * 3
        return Reply((head, Data(noise, head.at), End(target.reply.duration)))

    def describe(self) -> str:
        return "a stream of keep-alive frames alone"
