"""Server-sent events, byte for byte: each frame keeps the bytes it came from, so that nothing is lost.

The grammar is the WHATWG one (https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream),
with two differences: fields belong to their frame alone (an `id` is not carried on), and frames that a client would not
dispatch (comments, an unterminated tail) are still frames.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_LINE = re.compile(rb"([^\r\n]*)(\r\n|\r|\n)")
_NEWLINE = re.compile(r"\r\n|\r|\n")
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Frame:
    """One block of an event stream and the bytes it came from.

    `raw` includes the blank line that ends the block, or lacks it in an unterminated tail (`complete` is False).
    `data` is every `data` line joined with a line feed, `event`, `id` and `retry` the last value sent; all are empty
    where the field was absent, and invalid UTF-8 reads as U+FFFD. `start` and `end` are offsets into the body.
    """

    raw: bytes
    event: str
    data: str
    id: str
    retry: str
    start: int
    end: int
    has_data: bool = False
    complete: bool = True


def frames(body: bytes) -> tuple[Frame, ...]:
    """Every frame of a body; their `raw` values joined are the body."""
    return tuple(_read(body, start, end, complete) for start, end, complete in _blocks(body))


def frame(data: str, *, event: str = "", newline: str = "\n") -> bytes:
    """The bytes of one frame: an `event` line if named, one `data` line per line of `data`, a blank line.

    A lone surrogate, which UTF-8 cannot carry, is written as its JSON escape.
    """
    lines = [f"event: {event}"] if event else []
    lines += [f"data: {line}" for line in _NEWLINE.split(data)]
    return (newline.join(lines) + newline * 2).encode("utf-8", "backslashreplace")


def newline_of(body: bytes) -> str:
    """The line end a body uses first; a line feed where it has none."""
    found = _LINE.search(body)
    return found[2].decode() if found else "\n"


def _blocks(body: bytes) -> Iterator[tuple[int, int, bool]]:
    start = end = 0
    for line in _LINE.finditer(body):
        end = line.end()
        if not line[1] or (line[1] == _BOM and line.start() == 0):
            yield start, end, True
            start = end
    if start < len(body):
        yield start, len(body), False


def _read(body: bytes, start: int, end: int, complete: bool) -> Frame:
    raw = body[start:end]
    text = raw.removeprefix(_BOM) if start == 0 else raw
    data: list[str] = []
    fields: dict[str, str] = {}
    for line in _NEWLINE.split(text.decode("utf-8", "replace")):
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            data.append(value)
        else:
            fields[name] = value
    event, ident, retry = (fields.get(name, "") for name in ("event", "id", "retry"))
    return Frame(raw, event, "\n".join(data), ident, retry, start, end, bool(data), complete)
