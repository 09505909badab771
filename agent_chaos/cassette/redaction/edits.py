"""Replacing stretches of a body that arrived in chunks, and of text that a model streamed in pieces."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from agent_chaos.providers.json_edit import rewritten
from agent_chaos.stream.exchange import Data, Head, Reply, ReplyEvent, header, with_header
from agent_chaos.stream.framing.framing import Frame, Framing


@dataclass(frozen=True, slots=True)
class Edit:
    """The bytes from `start` to `end` become `text`."""

    start: int
    end: int
    text: bytes


Finder: TypeAlias = Callable[[bytes], Sequence[Edit]]


def merged(edits: Iterable[Edit]) -> list[Edit]:
    """The edits in order, those that overlap joined into one with the text of the first."""
    found: list[Edit] = []
    for edit in sorted(edits, key=lambda e: (e.start, -e.end)):
        if found and edit.start < found[-1].end:
            found[-1] = replace(found[-1], end=max(found[-1].end, edit.end))
        else:
            found.append(edit)
    return found


def applied(data: bytes, edits: Sequence[Edit]) -> bytes:
    """The bytes with some merged edits made."""
    parts: list[bytes] = []
    used = 0
    for edit in edits:
        parts += [data[used : edit.start], edit.text]
        used = edit.end
    return b"".join([*parts, data[used:]])


def rebodied(reply: Reply, edits: Sequence[Edit]) -> Reply:
    """The reply with merged edits made in its body: a chunk boundary inside of an edit moves to the edit's end."""
    body = applied(reply.body, edits)
    ends = _new_offsets(edits)
    events: list[ReplyEvent] = []
    old = new = 0
    for event in reply.events:
        if isinstance(event, Data):
            old += len(event.data)
            end = ends(old)
            if end > new:
                events.append(replace(event, data=body[new:end]))
            new = end
        else:
            events.append(_with_length(event, len(body)))
    return Reply(tuple(events))


def _new_offsets(edits: Sequence[Edit]) -> Callable[[int], int]:
    """From an offset in the old body to the one in the new body."""
    starts = [edit.start for edit in edits]
    shifts = [0]
    for edit in edits:
        shifts.append(shifts[-1] + len(edit.text) - (edit.end - edit.start))

    def new(offset: int) -> int:
        i = bisect_right(starts, offset - 1)
        if i and offset < edits[i - 1].end:
            return edits[i - 1].end + shifts[i]
        return offset + shifts[i]

    return new


def _with_length(event: ReplyEvent, length: int) -> ReplyEvent:
    if isinstance(event, Head) and header(event.headers, "content-length"):
        return replace(event, headers=with_header(event.headers, "content-length", str(length)))
    return event


def streamed_edits(reply: Reply, framing: Framing, find: Finder) -> list[Edit]:
    """Edits for text that a stream carries in pieces: what `find` finds in the pieces of a field joined."""
    pieces: dict[str, list[_Piece]] = {}
    opened: dict[int, Any] = {}
    known = framing.frames_of(reply)
    for number, frame in enumerate(known):
        value = _json(frame)
        opened[number] = value
        for key, holder, name in _leaves(value, _owner(value)):
            pieces.setdefault(key, []).append(_Piece(number, holder, name))
    changed = {number for group in pieces.values() for number in _mend(group, find)}
    return [_rewritten(known[number], framing, opened[number]) for number in sorted(changed)]


@dataclass(frozen=True, slots=True)
class _Piece:
    """A string in a frame's JSON: `holder[name]`."""

    frame: int
    holder: Any
    name: Any


def _json(frame: Frame) -> Any:
    try:
        return json.loads(frame.data) if frame.data.startswith(("{", "[")) else None
    except (ValueError, RecursionError):
        return None


def _owner(value: Any) -> str:
    """What tells the fields of one block, item or choice from those of another."""
    if not isinstance(value, dict):
        return ""
    return repr([value.get(name) for name in ("type", "index", "item_id", "output_index", "content_index")])


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _leaf(value, name, inner, f"{path}.{name}")
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            number = inner.get("index", place) if isinstance(inner, dict) else place
            yield from _leaf(value, place, inner, f"{path}[{number}]")


def _leaf(holder: Any, name: Any, inner: Any, path: str) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(inner, str):
        yield path, holder, name
    else:
        yield from _leaves(inner, path)


def _mend(group: list[_Piece], find: Finder) -> set[int]:
    """Takes what `find` finds out of the pieces; the replacement goes where it started. The frames that changed."""
    if len(group) < 2:
        return set()
    texts = [piece.holder[piece.name].encode("utf-8", "surrogatepass") for piece in group]
    edits = merged(find(b"".join(texts)))
    if not edits:
        return set()
    changed: set[int] = set()
    start = 0
    for piece, text in zip(group, texts, strict=True):
        own = [_clipped(edit, start, start + len(text)) for edit in edits]
        mended = applied(text, [edit for edit in own if edit is not None])
        if mended != text:
            piece.holder[piece.name] = mended.decode("utf-8", "surrogatepass")
            changed.add(piece.frame)
        start += len(text)
    return changed


def _clipped(edit: Edit, start: int, end: int) -> Edit | None:
    """The part of an edit that lies in a piece, counted from the piece's start."""
    if edit.end <= start or edit.start >= end:
        return None
    text = edit.text if edit.start >= start else b""
    return Edit(max(edit.start, start) - start, min(edit.end, end) - start, text)


def _rewritten(frame: Frame, framing: Framing, value: Any) -> Edit:
    """The frame with other JSON in it, spelled as it was."""
    return Edit(frame.start, frame.end, framing.with_data(frame, rewritten(frame.data, value)))
