"""Server-sent events, byte for byte: each frame keeps the bytes it came from, so that nothing is lost.

The grammar is the WHATWG one (https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream),
with two differences: fields belong to their frame alone (an `id` is not carried on), and frames that a client would not
dispatch (comments, an unterminated tail) are still frames.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from agent_chaos.stream.exchange import Reply
from agent_chaos.stream.framing.framing import Frame, Framing

# `\Z`, so that a tail without an end is read once, not once a byte.
_LINE = re.compile(rb"([^\r\n]*)(\r\n|\r|\n|\Z)")
# Not `str.splitlines`, which ends lines at U+2028, form feeds and others as well: they may stand in data as
# they are.
_NEWLINE = re.compile(r"\r\n|\r|\n")
_FIRST_NEWLINE = re.compile(rb"\r\n|\r|\n")
# A byte order mark may stand before the first field, and a comment may be the first (OpenRouter: `:
# OPENROUTER PROCESSING`).
_FIRST = re.compile(rb"(?:\xef\xbb\xbf)?[\r\n]*(?:data|event|id|retry|:)")
_NAME = re.compile(rb"(?m)^event:[^\r\n]*\r?\n")
_SPACE = re.compile(rb"(?m)^(data|event): ")
_BOM = b"\xef\xbb\xbf"
_CONTROL = {"empty_data": "data:", "event_only": "event: ping", "retry": "retry: 3000", "id": "id: 7"}


class ServerSentEvents(Framing):
    """`text/event-stream`: fields on lines of their own, a blank line after each event."""

    name = "sse"
    content_type = "text/event-stream"
    carries = frozenset({"control_frames", "frame_ends", "keep_alives", "optional_names", "respellings"})

    def holds(self, reply: Reply) -> bool:
        """By the first field; by the content type of a body that does not begin as JSON does."""
        if _FIRST.match(reply.body):
            return True
        named = reply.header("content-type").startswith(self.content_type)
        # Providers answer a request for a stream with a JSON error, and some proxies leave the content type
        # as it was asked for.
        return named and reply.body.lstrip()[:1] not in (b"{", b"[")

    def frames(self, body: bytes) -> tuple[Frame, ...]:
        return tuple(_read(body, start, end, complete) for start, end, complete in _blocks(body))

    def frame(self, data: str, *, event: str = "", newline: str = "\n") -> bytes:
        """An `event` line if named, one `data` line per line of `data`, a blank line.

        A lone surrogate, which UTF-8 cannot carry, is written as its JSON escape.
        """
        lines = [f"event: {event}"] if event else []
        lines += [f"data: {line}" for line in _NEWLINE.split(data)]
        return (newline.join(lines) + newline * 2).encode("utf-8", "backslashreplace")

    def with_data(self, one: Frame, data: str) -> bytes:
        """Other data in the place of the first `data` line; further ones go."""
        lines = _LINE.findall(one.raw)
        at = [number for number, (line, _) in enumerate(lines) if _is_data(line)]
        if not at:
            return one.raw
        head, end = lines[at[0]]
        colon = re.match(rb"(?:\xef\xbb\xbf)?data:? ?", head)
        assert colon is not None
        # What a `data` line looked like (with a space after the colon or without) is kept, since servers
        # differ and a change of it is a fault of its own.
        said = end.join(colon[0] + line.encode("utf-8", "backslashreplace") for line in _NEWLINE.split(data))
        written = [
            (said if number == at[0] else line) + newline
            for number, (line, newline) in enumerate(lines)
            if number not in at[1:]
        ]
        return b"".join(written)

    def newline_of(self, body: bytes) -> str:
        found = _FIRST_NEWLINE.search(body)
        return found[0].decode() if found else "\n"

    def respellings(self, raw: bytes) -> Mapping[str, bytes]:
        """Other line ends, no space after the colons, and the byte order mark that may begin the first event."""
        one_end = raw.replace(b"\r\n", b"\n")
        return {
            "crlf": one_end.replace(b"\n", b"\r\n"),
            "cr": raw.replace(b"\r\n", b"\r").replace(b"\n", b"\r"),
            "lf": one_end,
            "no_space": _SPACE.sub(rb"\1:", raw),
            "bom": _BOM + raw.removeprefix(_BOM),
        }

    def control_frames(self, newline: str) -> Mapping[str, bytes]:
        """Blocks that set the state of a stream and dispatch nothing."""
        return {name: (line + newline * 2).encode() for name, line in _CONTROL.items()}

    def without_name(self, raw: bytes) -> bytes:
        return _NAME.sub(b"", raw)

    def without_end(self, raw: bytes) -> bytes:
        """An event whose blank line is missing, which no client may dispatch."""
        # An event that ends otherwise (the tail of a cut stream, line ends of `\r`) has no blank line that
        # could be missing.
        if not raw.endswith((b"\n\n", b"\r\n\r\n")):
            return raw
        return raw.rstrip(b"\r\n") + (b"\r\n" if raw.endswith(b"\r\n") else b"\n")


def _is_data(line: bytes) -> bool:
    name, _, _ = line.removeprefix(_BOM).partition(b":")
    return name == b"data"


def _blocks(body: bytes) -> Iterator[tuple[int, int, bool]]:
    start = 0
    for line in _LINE.finditer(body):
        # A blank line ends a frame; so does one that holds nothing but the byte order mark which may begin
        # the body.
        if line[2] and (not line[1] or (line[1] == _BOM and line.start() == 0)):
            yield start, line.end(), True
            start = line.end()
    if start < len(body):
        yield start, len(body), False


def _read(body: bytes, start: int, end: int, complete: bool) -> Frame:
    raw = body[start:end]
    text = raw.removeprefix(_BOM) if start == 0 else raw
    data: list[str] = []
    event = ""
    for line in _NEWLINE.split(text.decode("utf-8", "replace")):
        name, _, value = line.partition(":")
        # One space, as the standard says: a second one belongs to the value.
        value = value.removeprefix(" ")
        if name == "data":
            data.append(value)
        elif name == "event":
            event = value
    return Frame(raw, event, "\n".join(data), start, end, bool(data), complete)


FRAMING = SSE = ServerSentEvents()
