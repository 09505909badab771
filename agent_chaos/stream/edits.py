"""Replacing stretches of text, and of a body that arrived in chunks."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from agent_chaos.stream.exchange import Data, Head, Reply, ReplyEvent, header, with_header


@dataclass(frozen=True, slots=True)
class Edit:
    """What stands from `start` to `end` becomes `text`; counted in characters, or in bytes of a body."""

    start: int
    end: int
    text: str


def merged_edits(edits: Iterable[Edit]) -> list[Edit]:
    """The edits in order, those that overlap joined into one with the text of the first, the longest of a start."""
    found: list[Edit] = []
    # Of those that begin at one place the longest first: what it covers must not be written a second time.
    for edit in sorted(edits, key=lambda e: (e.start, -e.end)):
        if found and edit.start < found[-1].end:
            found[-1] = replace(found[-1], end=max(found[-1].end, edit.end))
        else:
            found.append(edit)
    return found


def applied(text: str, edits: Sequence[Edit]) -> str:
    """The text with some merged edits made."""
    parts: list[str] = []
    used = 0
    for edit in edits:
        parts += [text[used : edit.start], edit.text]
        used = edit.end
    return "".join([*parts, text[used:]])


def moved(edit: Edit, by: int) -> Edit:
    """The edit, further on in a text."""
    return replace(edit, start=edit.start + by, end=edit.end + by)


def clipped_edits(edits: Sequence[Edit], start: int, end: int) -> list[Edit]:
    """The parts of merged edits that lie in a piece, counted from its start; the new text goes where an edit starts."""
    found: list[Edit] = []
    # Bisected, since every frame of a long stream asks for its part of all edits.
    at = max(0, bisect_right(edits, start, key=lambda edit: edit.start) - 1)
    for edit in edits[at:]:
        if edit.start >= end:
            break
        if edit.end > start:
            text = edit.text if edit.start >= start else ""
            found.append(Edit(max(edit.start, start) - start, min(edit.end, end) - start, text))
    return found


def in_bytes(text: str, edits: Sequence[Edit]) -> list[Edit]:
    """Edits of a text, counted in its bytes."""
    found: list[Edit] = []
    used = size = 0
    for edit in edits:
        start = size + _size(text[used : edit.start])
        size = start + _size(text[edit.start : edit.end])
        used = edit.end
        found.append(Edit(start, size, edit.text))
    return found


def _size(text: str) -> int:
    # Most JSON is ASCII, where a letter is a byte; to encode each piece only to count it costs most of the
    # edit.
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogateescape"))


def rebodied(reply: Reply, edits: Sequence[Edit]) -> Reply:
    """The reply with merged byte edits made in its body: a chunk boundary inside of an edit moves to the edit's end."""
    body = _applied(reply.body, edits)
    ends = _new_offsets(edits)
    events: list[ReplyEvent] = []
    old = new = 0
    for event in reply.events:
        if isinstance(event, Data):
            old += len(event.data)
            end = ends(old)
            # A chunk that an edit swallowed has no bytes left. It goes, as an empty chunk is how HTTP says
            # that a body ends.
            if end > new:
                events.append(replace(event, data=body[new:end]))
            new = end
        else:
            events.append(_with_length(event, len(body)))
    return Reply(tuple(events))


def _applied(body: bytes, edits: Sequence[Edit]) -> bytes:
    parts: list[bytes] = []
    used = 0
    for edit in edits:
        parts += [body[used : edit.start], _encoded(edit.text)]
        used = edit.end
    return b"".join([*parts, body[used:]])


def _encoded(text: str) -> bytes:
    # Bytes that are no UTF-8 were read as lone surrogates, and come out as the bytes that they were.
    return text.encode("utf-8", "surrogateescape")


def _new_offsets(edits: Sequence[Edit]) -> Callable[[int], int]:
    """From an offset in the old body to the one in the new body."""
    starts = [edit.start for edit in edits]
    shifts = [0]
    for edit in edits:
        shifts.append(shifts[-1] + len(_encoded(edit.text)) - (edit.end - edit.start))

    def new(offset: int) -> int:
        # An offset is the end of a chunk, so an edit that starts right there lies behind it.
        i = bisect_right(starts, offset - 1)
        if i and offset < edits[i - 1].end:
            # Inside of an edit there is no place that corresponds: a chunk ends where all of the new text
            # has been sent.
            return edits[i - 1].end + shifts[i]
        return offset + shifts[i]

    return new


def _with_length(event: ReplyEvent, length: int) -> ReplyEvent:
    if isinstance(event, Head) and header(event.headers, "content-length"):
        return replace(event, headers=with_header(event.headers, "content-length", str(length)))
    return event
