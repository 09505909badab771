"""Requests and timed replies, as values.

A reply is `Head, Data…, End` or `Head, Data…, Abort`, or an `Abort` alone where nothing arrived. Each event carries
`at`: virtual seconds since the request was sent, never running backwards. Exactly one `End` or `Abort`, and it is last.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal, get_args
from urllib.parse import parse_qsl, urlsplit

from agent_chaos.stream.deriving import Deriving

Headers = tuple[tuple[str, str], ...]
"""Header fields in wire order; names keep their case, lookups ignore it."""

AbortKind = Literal[
    "refused",
    "dns",
    "connect_timeout",
    "tls",
    "pool_timeout",
    "write_error",
    "write_timeout",
    "disconnected",
    "read_timeout",
    "reset",
    "incomplete",
    "bad_protocol",
    "bad_encoding",
]
"""How a transfer broke: `disconnected` = closed before headers, `reset` = RST, `incomplete` = closed inside the body,
`bad_protocol` = not HTTP, `bad_encoding` = content-encoding lie. `patch` maps each to its HTTP stack's exception."""


ABORT_KINDS: dict[str, AbortKind] = {kind: kind for kind in get_args(AbortKind)}
"""Every kind by its name, to read one that was written down."""


@dataclass(frozen=True, slots=True)
class Head:
    """Status line and header fields."""

    status: int
    headers: Headers = ()
    at: float = 0.0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Data:
    """One chunk of the body, as it arrived. `data` may be empty only in recordings made elsewhere."""

    data: bytes
    at: float = 0.0


@dataclass(frozen=True, slots=True)
class End:
    """The body ended as HTTP says it should."""

    at: float = 0.0


CLOSED = "closed by the client"
"""The message of an `Abort` where a client left a reply that had not ended."""


@dataclass(frozen=True, slots=True)
class Abort:
    """The transfer broke."""

    kind: AbortKind
    at: float = 0.0
    message: str = ""


ReplyEvent = Head | Data | End | Abort


def header(headers: Headers, name: str, default: str = "") -> str:
    """The first value of a header field, whatever its case."""
    wanted = name.lower()
    return next((value for key, value in headers if key.lower() == wanted), default)


def with_header(headers: Headers, name: str, value: str) -> Headers:
    """The headers with `name` set once, in the place of its first occurrence or at the end."""
    wanted = name.lower()
    # In its old place, since some faults are about the order of header fields, and a recording is replayed as
    # it was sent.
    at = next((i for i, (key, _) in enumerate(headers) if key.lower() == wanted), len(headers))
    rest = [(i, pair) for i, pair in enumerate(headers) if pair[0].lower() != wanted]
    before = [pair for i, pair in rest if i < at]
    return (
        *before,
        (headers[at][0] if at < len(headers) else name, value),
        *(pair for i, pair in rest if i > at),
    )


def without_header(headers: Headers, name: str) -> Headers:
    """The headers without any field of that name."""
    return tuple(pair for pair in headers if pair[0].lower() != name.lower())


@dataclass(frozen=True)
class Request(Deriving):
    """One HTTP request. `method` is upper case, `url` absolute, `body` the bytes that were sent."""

    method: str
    url: str
    headers: Headers = ()
    body: bytes = b""

    @cached_property
    def host(self) -> str:
        """Host name, lower case, without port."""
        return (urlsplit(self.url).hostname or "").lower()

    @cached_property
    def address(self) -> str:
        """Host and port; the host alone where the port is the scheme's own."""
        parts = urlsplit(self.url)
        # So that an address with the port written out and one without are one place.
        default = {"http": 80, "https": 443}.get(parts.scheme)
        return self.host if parts.port in (None, default) else f"{self.host}:{parts.port}"

    @cached_property
    def path(self) -> str:
        return urlsplit(self.url).path

    @cached_property
    def query(self) -> tuple[tuple[str, str], ...]:
        return tuple(parse_qsl(urlsplit(self.url).query, keep_blank_values=True))

    @cached_property
    def json(self) -> Any:
        """The body as JSON, or None where it is not JSON."""
        return _json_or_none(self.body)

    def header(self, name: str, default: str = "") -> str:
        return header(self.headers, name, default)


@dataclass(frozen=True)
class Reply(Deriving):
    """A timed reply; see the module docstring for the rules its events keep."""

    events: tuple[ReplyEvent, ...]

    @cached_property
    def head(self) -> Head | None:
        """The head, or None where the transfer broke before it."""
        first = self.events[0] if self.events else None
        return first if isinstance(first, Head) else None

    @property
    def status(self) -> int:
        """HTTP status; 0 where no head arrived."""
        return self.head.status if self.head else 0

    @property
    def headers(self) -> Headers:
        return self.head.headers if self.head else ()

    @cached_property
    def body(self) -> bytes:
        """All body bytes that arrive, joined."""
        return b"".join(event.data for event in self.events if isinstance(event, Data))

    @cached_property
    def json(self) -> Any:
        """The body as JSON, or None where it is not JSON."""
        return _json_or_none(self.body)

    @property
    def ended(self) -> bool:
        """Whether the transfer ended as HTTP says it should."""
        return bool(self.events) and isinstance(self.events[-1], End)

    @property
    def left(self) -> bool:
        """Whether the client had enough of it before its end: no failure, though nobody knows what the rest would be."""
        last = self.events[-1] if self.events else None
        return self.head is not None and isinstance(last, Abort) and last.message == CLOSED

    @property
    def ok(self) -> bool:
        """Whether it ended properly, or was left, with a status below 400."""
        # Left counts: agents that stop reading at a tool call, or at the first sentence, have had no
        # failure.
        return (self.ended or self.left) and 0 < self.status < 400

    @property
    def begins_at(self) -> float:
        """Virtual seconds from the request to the head; 0 where none arrived."""
        return self.head.at if self.head else 0.0

    @property
    def duration(self) -> float:
        """Virtual seconds from the request to the last event."""
        return self.events[-1].at if self.events else 0.0

    def header(self, name: str, default: str = "") -> str:
        return header(self.headers, name, default)


def _json_or_none(body: bytes) -> Any:
    try:
        return json.loads(body)
    # Python raises the latter for JSON that is nested too deep, which nothing keeps a server from sending.
    except (ValueError, RecursionError):
        return None


def reply(
    status: int,
    headers: Iterable[tuple[str, str]],
    chunks: Sequence[bytes],
    *,
    at: float = 0.0,
    gap_s: float = 0.0,
) -> Reply:
    """A complete reply: head at `at`, then one chunk every `gap_s` seconds."""
    datas = tuple(Data(chunk, at + gap_s * (i + 1)) for i, chunk in enumerate(chunks))
    last = datas[-1].at if datas else at
    return Reply((Head(status, tuple(headers), at), *datas, End(last)))


def delayed(reply: Reply, seconds: float, *, start: int = 0) -> Reply:
    """The reply with every event from index `start` on arriving `seconds` later."""
    return Reply(
        tuple(replace(e, at=e.at + seconds) if i >= start else e for i, e in enumerate(reply.events))
    )


def with_body(reply: Reply, body: bytes) -> Reply:
    """The reply with another body in place of its own, keeping chunk boundaries up to the first changed byte.

    The rest arrives as one chunk at the time of the first chunk that changed; a `content-length` is corrected.
    """
    kept: list[ReplyEvent] = []
    used, last = 0, reply.begins_at
    for event in reply.events:
        if not isinstance(event, Data):
            continue
        last = event.at
        if body[used : used + len(event.data)] != event.data:
            break
        kept.append(event)
        used += len(event.data)
    if used < len(body):
        kept.append(Data(body[used:], last))
    head = _with_length(reply.head or Head(200), len(body))
    # The end stays where it was: a body that is written anew takes no less time than the recorded one.
    return Reply((head, *kept, End(max(last, reply.duration))))


def rechunked(reply: Reply, body: bytes) -> Reply:
    """The reply with a body of the same length, cut at the same places."""
    if len(body) != len(reply.body):
        raise ValueError(f"rechunked needs {len(reply.body)} bytes, got {len(body)}")
    events: list[ReplyEvent] = []
    used = 0
    for event in reply.events:
        if isinstance(event, Data):
            events.append(replace(event, data=body[used : used + len(event.data)]))
            used += len(event.data)
        else:
            events.append(event)
    return Reply(tuple(events))


def cut(reply: Reply, body_bytes: int, last: End | Abort) -> Reply:
    """The reply up to `body_bytes` of its body, then `last`, whose `at` counts from the last byte kept."""
    events: list[ReplyEvent] = [reply.head] if reply.head else []
    left, now = body_bytes, reply.begins_at
    for event in reply.events:
        # Checked before the chunk is taken: `now` must be the time of the last byte that is kept.
        if not isinstance(event, Data) or left <= 0:
            continue
        events.append(replace(event, data=event.data[:left]))
        left, now = left - len(event.data), event.at
    return Reply((*events, replace(last, at=now + last.at)))


def _with_length(head: Head, length: int) -> Head:
    if not header(head.headers, "content-length"):
        return head
    return replace(head, headers=with_header(head.headers, "content-length", str(length)))
