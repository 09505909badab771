"""Bytes that are not the text they say they are."""

from __future__ import annotations

from typing import Literal

from agent_chaos.faults.family import BODY, Frequency
from agent_chaos.faults.fault import Choice, Target, TransportFault
from agent_chaos.faults.parts.stream_frames import with_frames
from agent_chaos.stream.exchange import Reply, rechunked, with_body

_Shape = Literal["bad_byte", "byte_order_mark"]

_BOM = b"\xef\xbb\xbf"
_MARK = "byte_order_mark"


class BadText(TransportFault, frozen=True):
    """One byte inside a string that UTF-8 does not allow, or a byte order mark before whole JSON or an event stream.

    Source: RFC 8259 section 8.1; https://html.spec.whatwg.org/multipage/server-sent-events.html, which has clients skip the
    mark, as Anthropic's and Google's do not. Of the byte Anthropic and OpenAI raise UnicodeDecodeError, genai puts U+FFFD
    in its place without a word.
    """

    family = BODY
    frequency = Frequency.RARE
    changes = ("text",)

    kind: Literal["bad_text"] = "bad_text"
    shape: _Shape

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        if not target.reply.ok or _inside(target) is None:
            return ()
        return (
            ({"shape": "bad_byte"}, {"shape": _MARK}) if _may_be_marked(target) else ({"shape": "bad_byte"},)
        )

    def apply(self, target: Target) -> Reply:
        at = _inside(target) if {"shape": self.shape} in self.openings(target) else None
        body = target.reply.body
        if at is None:
            return target.reply
        if self.shape == _MARK:
            return _marked(target)
        # 0xFF stands in no UTF-8 text, not even as a part of a longer character; a byte in the place of one
        # keeps every length as it was.
        return rechunked(target.reply, body[:at] + b"\xff" + body[at + 1 :])

    def describe(self) -> str:
        return (
            "a byte of the reply is not UTF-8"
            if self.shape == "bad_byte"
            else "the reply begins with a byte order mark"
        )


def _may_be_marked(target: Target) -> bool:
    body = target.reply.body
    return target.framing is None or target.framing.respellings(body).get("bom", body) != body


def _marked(target: Target) -> Reply:
    if target.framing is None:
        return with_body(target.reply, _BOM + target.reply.body)
    # Through the frames, since a mark before the first one belongs to it and must come in its chunk.
    first, *rest = (frame.raw for frame in target.frames)
    return with_frames(target, [_BOM + first, *rest])


def _inside(target: Target) -> int | None:
    """A byte in the middle of the text that the model says, or of its first arguments; None where it says nothing."""
    turn = target.protocol.parse(target.reply)
    said = turn.text or next((call.name for call in turn.tool_calls), "")
    # A plain word, which no JSON writer escapes, so that it stands in the bytes as it is.
    words = [word.encode() for word in said.split() if word.isascii() and word.isalpha() and len(word) > 2]
    places = [target.reply.body.find(word) for word in words]
    # A checksum would tell of the byte before anybody reads it as text.
    sealed = target.framing is not None and target.framing.sealed
    return None if sealed else next((at + 1 for at in places if at >= 0), None)
