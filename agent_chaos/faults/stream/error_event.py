"""The provider reports an error inside a running stream."""

from __future__ import annotations

from typing import Literal

from agent_chaos.faults.family import IN_BAND_ERROR, Frequency
from agent_chaos.faults.fault import Choice, StreamFault, Target
from agent_chaos.faults.parts.positions import offset_at, openings
from agent_chaos.stream.exchange import Data, End, Reply, cut

Where = Literal["start", "middle", "end"]
_BOUNDARY = {"middle": "after_event", "end": "before_terminator"}


class ErrorEvent(StreamFault, frozen=True):
    """HTTP 200, then the provider's own error frame in place of the rest of the stream.

    Source: anthropics/anthropic-sdk-python#1918, openai/openai-python#2796, langchain-ai/langchain#39039,
    BerriAI/litellm#29223.
    """

    family = IN_BAND_ERROR
    frequency = Frequency.EVERYDAY
    changes = ("text", "calls", "stop", "usage", "end", "error")
    try_first = ("middle",)

    kind: Literal["error_event"] = "error_event"
    error: Literal["overloaded", "server_error", "rate_limit"]
    where: Where

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        return tuple(
            {"error": error, "where": where}
            for where in _places(target)
            for error in ("overloaded", "server_error", "rate_limit")
        )

    def apply(self, target: Target) -> Reply:
        at = self._offset(target) if self.where in _places(target) else None
        if at is None:
            return target.reply
        kept = cut(target.reply, at, End())
        # The error comes when the last bytes before it came; the time that the cut-off rest had taken is
        # over.
        now = kept.events[-1].at
        told = target.protocol.error_frames(self.error, target.reply)
        return Reply((*kept.events[:-1], Data(told, now), End(now)))

    def _offset(self, target: Target) -> int | None:
        if self.where == "start":
            return 0
        return offset_at(target, "after_event" if self.where == "middle" else "before_terminator", 0)

    def describe(self) -> str:
        place = {"start": "before any content", "middle": "in the middle", "end": "just before the end"}[
            self.where
        ]
        return f"the stream reports an error ({self.error.replace('_', ' ')}) {place}"


def _places(target: Target) -> list[str]:
    """Where in a stream an error can stand: nowhere in an empty one."""
    if not target.streamed:
        return []
    found = {choice["boundary"] for choice in openings(target, bytes_only=True)}
    return ["start", *(place for place, boundary in _BOUNDARY.items() if boundary in found)] if found else []
