"""Frames that say nothing, or nothing known, between the real ones."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Literal, get_args

from agent_chaos.faults.family import NOISE, Frequency
from agent_chaos.faults.fault import Choice, StreamFault, Target
from agent_chaos.faults.parts.stream_frames import newline_of, raw_frames, with_frames
from agent_chaos.stream.exchange import Reply

_Shape = Literal["empty_data", "event_only", "retry", "id"]

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
    needs = frozenset({"control_frames"})

    kind: Literal["control_frame"] = "control_frame"
    shape: _Shape

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        known = _controls(target) if _running(target) else {}
        return tuple({"shape": shape} for shape in get_args(_Shape) if shape in known)

    def apply(self, target: Target) -> Reply:
        if {"shape": self.shape} not in self.openings(target):
            return target.reply
        *raws, last = raw_frames(target)
        # None behind the last: clients stop reading at `[DONE]` or `message_stop`.
        return with_frames(target, [*(raw + _controls(target)[self.shape] for raw in raws), last])

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
        assert target.framing is not None
        first, *raws = raw_frames(target)
        # With the line ends of the stream: a change of them within one stream is `respelled_stream`.
        new = target.framing.frame(json.dumps(_UNKNOWN), event="hologram", newline=newline_of(target))
        return with_frames(target, [first + new, *raws])

    def describe(self) -> str:
        return "an event of an unknown type in the stream"


def _running(target: Target) -> bool:
    return target.reply.ok and target.streamed and len(target.frames) > 1


def _named(target: Target) -> bool:
    """Whether the events of the stream have names."""
    return any(one.event for one in target.frames)


def _controls(target: Target) -> Mapping[str, bytes]:
    return target.framing.control_frames(newline_of(target)) if target.framing else {}
