"""The error in a stream comes in another form than clients look for."""

from __future__ import annotations

from typing import Literal

from agent_chaos.faults.family import IN_BAND_ERROR, Frequency
from agent_chaos.faults.fault import Choice, StreamFault, Target
from agent_chaos.faults.parts.positions import offset_at, openings
from agent_chaos.stream.exchange import Data, End, Reply, cut


class FlatError(StreamFault, frozen=True):
    """OpenAI's error event with its fields at the top, as documented, in place of the rest of the stream.

    Source: openai/openai-python#2796 (the client looks for `error` and raises nothing), langchain-ai/langchain#39039.
    """

    family = IN_BAND_ERROR
    frequency = Frequency.SOMETIMES
    changes = ("text", "calls", "stop", "usage", "end", "error")
    needs = frozenset({"flat_error"})

    kind: Literal["flat_error"] = "flat_error"

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        possible = target.protocol.specifics.flat_error and target.streamed
        found = {"boundary": "after_event"} in openings(target, bytes_only=True) if possible else False
        return ({},) if found else ()

    def apply(self, target: Target) -> Reply:
        at = offset_at(target, "after_event", 0) if self.openings(target) else None
        if at is None:
            return target.reply
        kept = cut(target.reply, at, End())
        now = kept.events[-1].at
        return Reply((*kept.events[:-1], Data(target.protocol.specifics.flat_error, now), End(now)))

    def describe(self) -> str:
        return "the stream reports an error with its fields at the top"
