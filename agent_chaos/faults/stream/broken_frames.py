"""Events of a stream are not what they were: no JSON, no name, no end, gone."""

from __future__ import annotations

from typing import Literal

from agent_chaos.faults.family import BODY, DELIVERY, Frequency
from agent_chaos.faults.fault import Choice, StreamFault, Target
from agent_chaos.faults.parts.stream_frames import raw_frames, with_frames
from agent_chaos.stream.exchange import Reply

Opening = Literal["reply", "part"]


class BrokenEvent(StreamFault, frozen=True):
    """The JSON of one event in the middle of the stream breaks off; the events around it are whole.

    Source: openai/openai-python#650 and #663; Anthropic and OpenAI raise JSONDecodeError, genai an error of its own.
    """

    family = BODY
    frequency = Frequency.RARE
    changes = ("text", "calls")

    kind: Literal["broken_event"] = "broken_event"

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        return ({},) if _broken_off(target) is not None else ()

    def apply(self, target: Target) -> Reply:
        raws = _broken_off(target)
        return target.reply if raws is None else with_frames(target, raws)

    def describe(self) -> str:
        return "an event of the stream is broken JSON"


class NamelessEvents(StreamFault, frozen=True):
    """A gateway passes the data of each event on, and drops its name.

    Source: https://html.spec.whatwg.org/multipage/server-sent-events.html (an event without a name is a message);
    Anthropic's client then drops every event without an error, OpenAI's does not need the names.
    """

    family = DELIVERY
    frequency = Frequency.RARE
    changes = ("text", "calls", "stop", "usage", "end")
    needs = frozenset({"event_names", "optional_names"})

    kind: Literal["nameless_events"] = "nameless_events"

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        return ({},) if target.reply.ok and _nameless(target) != raw_frames(target) else ()

    def apply(self, target: Target) -> Reply:
        if not self.openings(target):
            return target.reply
        return with_frames(target, _nameless(target))

    def describe(self) -> str:
        return "the events of the stream have no names"


class LostOpening(StreamFault, frozen=True):
    """The event that begins the reply, or its first part, never comes; all that fills it does.

    Source: Anthropic's docs, Streaming messages (the order of events); Anthropic's stream helper raises AssertionError
    or IndexError, OpenAI's RuntimeError.
    """

    family = DELIVERY
    frequency = Frequency.RARE
    changes = ("usage",)
    needs = frozenset({"opening_event"})

    kind: Literal["lost_opening"] = "lost_opening"
    of: Opening

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        offered: tuple[Opening, ...] = ("reply", "part")
        return tuple({"of": of} for of in offered if _opening(target, of) is not None)

    def apply(self, target: Target) -> Reply:
        at = _opening(target, self.of)
        if at is None:
            return target.reply
        raws = raw_frames(target)
        return with_frames(target, [*raws[:at], b"", *raws[at + 1 :]])

    def describe(self) -> str:
        return f"the event that begins the {self.of if self.of == 'reply' else 'first part'} never comes"


class LostBlankLine(StreamFault, frozen=True):
    """The stream ends after the last event, without the blank line that makes it one.

    Source: https://html.spec.whatwg.org/multipage/server-sent-events.html (an event without its blank line is
    discarded); gateways that trim.
    """

    family = DELIVERY
    frequency = Frequency.RARE
    changes = ("stop", "usage", "end")
    needs = frozenset({"frame_ends"})

    kind: Literal["lost_blank_line"] = "lost_blank_line"

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        ended = target.reply.ok and target.streamed and target.reply.ended and _trimmed(target) is not None
        return ({},) if ended else ()

    def apply(self, target: Target) -> Reply:
        raws = _trimmed(target) if self.openings(target) else None
        return target.reply if raws is None else with_frames(target, raws)

    def describe(self) -> str:
        return "the last event of the stream lacks its blank line"


def _trimmed(target: Target) -> list[bytes] | None:
    """The frames, the last one without the bytes that end it; None where it has none."""
    raws = raw_frames(target)
    last = target.framing.without_end(raws[-1]) if raws and target.framing else b""
    return [*raws[:-1], last] if raws and last != raws[-1] else None


def _nameless(target: Target) -> list[bytes]:
    return [target.framing.without_name(raw) for raw in raw_frames(target)] if target.framing else []


def _broken_off(target: Target) -> list[bytes] | None:
    """The frames with the one in the middle broken; None where there are too few."""
    raws = raw_frames(target) if target.reply.ok and target.streamed else []
    at = len(raws) // 2
    data = target.frames[at].data.rstrip() if len(raws) >= 3 else ""
    # `[DONE]` and the empty data of a keep-alive are no JSON that could break off.
    if target.framing is None or "}" not in data:
        return None
    return [*raws[:at], target.framing.with_data(target.frames[at], data[:-1]), *raws[at + 1 :]]


def _opening(target: Target, of: Opening) -> int | None:
    """The number of the frame that begins the reply, or the first part, and holds nothing of it yet."""
    if not target.reply.ok or not target.streamed:
        return None
    adds = [bool(delta and delta.text) for _, delta in target.protocol.delta(target.reply)]
    # Where the first frame says something at once (Gemini, Chat without a role chunk), losing it loses text:
    # that is a fault of its own (`misdelivered_event`).
    if not any(adds) or adds[0]:
        return None
    first = adds.index(True)
    return 0 if of == "reply" else first - 1 if first > 1 else None
