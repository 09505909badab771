"""A JSON array whose elements are sent one by one, as Google's APIs stream where no event stream is asked for."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence

from agent_chaos.stream.exchange import Reply
from agent_chaos.stream.framing.framing import Frame, Framing

_BEFORE = re.compile(r"[\s,]*")
# Not strict: a control character in a string, which JSON forbids, is what some faults and some servers
# send.
_DECODER = json.JSONDecoder(strict=False)
_END = "]"


class JsonArray(Framing):
    """Each element is a message, with the bracket or comma before it; the closing bracket is one of its own.

    An element that never ended is an incomplete message.
    """

    name = "json_array"
    content_type = "application/json"
    self_evident = False  # any body may be an array

    def holds(self, reply: Reply) -> bool:
        return reply.body.lstrip()[:1] == b"["

    def frames(self, body: bytes) -> tuple[Frame, ...]:
        return tuple(_frames(body))

    def frame(self, data: str, *, event: str = "", newline: str = "\n") -> bytes:
        """An element behind others; `joined` turns the comma of the first into a bracket."""
        return _encoded(f",{newline}{data}" if data != _END else f"{newline}{data}")

    def with_data(self, one: Frame, data: str) -> bytes:
        """The element in its place, with the spaces that were around it."""
        old = one.data.encode("utf-8", "surrogateescape")
        # From the right: what stands before an element may hold the same bytes, what stands behind it is
        # white space.
        at = one.raw.rfind(old)
        return one.raw[:at] + _encoded(data) + one.raw[at + len(old) :] if old and at >= 0 else one.raw

    def joined(self, raws: Sequence[bytes]) -> list[bytes]:
        return [_opened(raw) if number == 0 else _continued(raw) for number, raw in enumerate(raws)]


def _frames(body: bytes) -> Iterator[Frame]:
    text = body.decode("latin-1")  # a letter a byte, so that places in the text are places in the body
    # A frame begins where the one before ended, so that brackets, commas and spaces belong to the element
    # behind them and the frames joined are the body.
    start, at = 0, text.find("[") + 1
    while at < len(text):
        at = _after(text, at)
        if text[at : at + 1] == _END:
            yield Frame(body[start:], "", _END, start, len(body))
            return
        end = _end_of(text, at)
        if end is None:
            break
        yield Frame(body[start:end], "", body[at:end].decode("utf-8", "surrogateescape"), start, end)
        start = at = end
    if start < len(body):
        yield Frame(body[start:], "", "", start, len(body), has_data=False, complete=False)


def _after(text: str, at: int) -> int:
    found = _BEFORE.match(text, at)
    assert found is not None
    return found.end()


def _end_of(text: str, at: int) -> int | None:
    try:
        return _DECODER.raw_decode(text, at)[1]
    except (ValueError, RecursionError):
        return None


def _opened(raw: bytes) -> bytes:
    """The first frame of an array."""
    bare = raw.lstrip()
    # A frame knows how it stood where it came from; dropped or doubled ones make another the first.
    if bare.startswith(b"["):
        return raw
    return b"[" + (bare[1:].lstrip() if bare.startswith(b",") else bare)


def _continued(raw: bytes) -> bytes:
    """A frame behind others."""
    bare = raw.lstrip()
    return b"," + bare[1:] if bare.startswith(b"[") else raw


def _encoded(text: str) -> bytes:
    # A lone surrogate, which JSON can hold as an escape and UTF-8 cannot hold at all, is written as its
    # escape again.
    return text.encode("utf-8", "backslashreplace")


FRAMING = JSON_ARRAY = JsonArray()
