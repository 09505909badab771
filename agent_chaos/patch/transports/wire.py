"""A reply as the bytes of HTTP/1.1, for stacks whose own parsers read it from an in-memory connection."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Literal

from agent_chaos.stream.exchange import (
    Abort,
    Data,
    End,
    Head,
    Headers,
    Reply,
    Request,
    with_header,
    without_header,
)

BodyFraming = Literal["none", "length", "chunked", "until_closed"]
"""How the client knows where the body ends."""

GARBAGE = b"ILLEGAL STATUS LINE\r\n\r\n"
"""What no parser takes for HTTP, neither as a head nor as a chunk."""


def header_fields(raw: Iterable[tuple[bytes, bytes]]) -> Headers:
    """Header fields of a library that keeps bytes, as text: Latin-1, as HTTP says, so that `octets` gives the same bytes."""
    return tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in raw)


def octets(text: str) -> bytes:
    """A header's bytes: they were decoded as Latin-1 when they were recorded, as HTTP says; others are sent as UTF-8."""
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


class Writer:
    """Writes one reply, event by event. `whole` says whether the client knows that it has all of the body."""

    def __init__(self, request: Request, reply: Reply) -> None:
        self._framing = _framing(request, reply)
        # Of a reply that breaks off nobody knows that it is whole, however much of it has come.
        known = self._framing in ("none", "length") and reply.ended
        self._left = (0 if self._framing == "none" else len(reply.body)) if known else -1

    @property
    def whole(self) -> bool:
        return self._left == 0

    def head(self, head: Head) -> bytes:
        lines = [f"HTTP/1.1 {head.status} {head.reason}".rstrip()]
        lines += [f"{name}: {value}" for name, value in _framed(head.headers, self._framing)]
        return b"".join(octets(line) + b"\r\n" for line in lines) + b"\r\n"

    def data(self, data: Data) -> bytes:
        if self._framing == "none" or not data.data:
            return b""
        self._left -= len(data.data)
        return b"%x\r\n%s\r\n" % (len(data.data), data.data) if self._framing == "chunked" else data.data

    def end(self) -> bytes:
        return b"0\r\n\r\n" if self._framing == "chunked" else b""


def written_reply(request: Request, reply: Reply) -> bytes:
    """A whole reply at once."""
    writer, wire = Writer(request, reply), bytearray()
    for event in reply.events:
        if isinstance(event, Head):
            wire += writer.head(event)
        elif isinstance(event, Data):
            wire += writer.data(event)
        elif isinstance(event, End):
            wire += writer.end()
    return bytes(wire)


def _framing(request: Request, reply: Reply) -> BodyFraming:
    """As the reply was recorded; in chunks where a fault has made the recorded length wrong."""
    # RFC 9112, 6.3: such replies have no body, whatever their headers say.
    if request.method == "HEAD" or reply.status in (204, 304):
        return "none"
    length = reply.header("content-length")
    if length.isdigit() and (int(length) == len(reply.body) or not reply.ended):
        return "length"
    # A reply that breaks off must not end like one that is read until the connection closes: that would be
    # whole.
    chunked = bool(length or reply.header("transfer-encoding")) or not reply.ended
    return "chunked" if chunked else "until_closed"


def _framed(headers: Headers, framing: BodyFraming) -> Headers:
    if framing == "chunked":
        return with_header(without_header(headers, "content-length"), "transfer-encoding", "chunked")
    return headers if framing == "none" else without_header(headers, "transfer-encoding")


def lying(reply: Reply) -> Reply:
    """A reply that breaks by its encoding as it is on the wire: a head that says gzip, before a body that is not.

    Clients meet the lie in their first read of the body, so it is there from its beginning.
    """
    last = reply.events[-1]
    if not isinstance(last, Abort) or last.kind != "bad_encoding":
        return reply
    head = reply.head or Head(200, at=last.at)
    body = [event for event in reply.events if isinstance(event, Data) and event.data]
    # Without its length, which would be that of the plain body.
    headers = with_header(without_header(head.headers, "content-length"), "content-encoding", "gzip")
    return Reply((replace(head, headers=headers), *(body or [Data(b"not gzip", last.at)]), End(last.at)))
