"""Frames that say nothing, or nothing known, between the real ones."""

from __future__ import annotations

import json
from typing import Literal, get_args

from agent_chaos.faults.family import NOISE, Frequency
from agent_chaos.faults.fault import Choice, StreamFault, Target
from agent_chaos.faults.parts.stream_frames import raw_frames, with_frames
from agent_chaos.stream.exchange import Reply
from agent_chaos.stream.sse import newline_of

Shape = Literal["empty_data", "event_only", "retry", "id"]

_LINES = {"empty_data": "data:", "event_only": "event: ping", "retry": "retry: 3000", "id": "id: 7"}
_WORDS = {
    "empty_data": "without data",
    "event_only": "with a name and no data",
    "retry": "that sets the reconnection time",
    "id": "that sets the last event id",
}
_UNKNOWN = {"type": "hologram", "note": "an event of the future"}


class ControlFrame(StreamFault, frozen=True):
    """A block that sets the stream's state and carries no event, behind every real one.

    Source: openai/openai-python#2722 and #3833 (JSONDecodeError), NousResearch/hermes-agent#111887,
    https://html.spec.whatwg.org/multipage/server-sent-events.html.
    """

    family = NOISE
    frequency = Frequency.SOMETIMES
    transparent = True

    kind: Literal["control_frame"] = "control_frame"
    shape: Shape

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        return tuple({"shape": shape} for shape in get_args(Shape)) if _running(target) else ()

    def apply(self, target: Target) -> Reply:
        return _interspersed(target, _LINES[self.shape].encode())

    def describe(self) -> str:
        return f"blocks {_WORDS[self.shape]} between the events"


class UnknownEvent(StreamFault, frozen=True):
    """An event of a type that did not exist when the client was written, behind the first real one.

    Source: Anthropic's docs, Streaming messages: "your code should handle unknown event types gracefully".
    """

    family = NOISE
    frequency = Frequency.SOMETIMES
    needs = frozenset({"event_names"})
    transparent = True

    kind: Literal["unknown_event"] = "unknown_event"

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        return ({},) if _running(target) and _named(target) else ()

    def apply(self, target: Target) -> Reply:
        if not self.openings(target):
            return target.reply
        raws, newline = raw_frames(target.reply), newline_of(target.reply.body).encode()
        body = json.dumps(_UNKNOWN).encode()
        raws[0] += b"event: hologram" + newline + b"data: " + body + newline * 2
        return with_frames(target.reply, raws)

    def describe(self) -> str:
        return "an event of an unknown type in the stream"


def _running(target: Target) -> bool:
    return target.reply.ok and target.streamed and len(raw_frames(target.reply)) > 1


def _named(target: Target) -> bool:
    """Whether the events of the stream have names."""
    return any(raw.startswith(b"event:") for raw in raw_frames(target.reply))


def _interspersed(target: Target, line: bytes) -> Reply:
    if not _running(target):
        return target.reply
    *raws, last = raw_frames(target.reply)
    newline = newline_of(target.reply.body).encode()
    return with_frames(target.reply, [*(raw + line + newline * 2 for raw in raws), last])
