"""Where a reply can break: semantic boundaries of its body, and the reply up to one.

Within a boundary, an offset picks one of its positions: 0 is the most natural one (where the provider itself split its
deltas, else the middle), and numbers beyond the last wrap round.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated, Literal

from annotated_types import Ge, Le

from agent_chaos.faults.fault import Choice, Drawn, Target
from agent_chaos.faults.parts.argument_text import inside, within_numbers
from agent_chaos.providers.protocol import WireProtocol
from agent_chaos.providers.turn import Delta, Text, ToolCall
from agent_chaos.stream.exchange import End, Reply, cut

Boundary = Literal[
    "before_terminator",
    "after_event",
    "mid_text",
    "mid_text_number",
    "mid_string",
    "mid_number",
    "mid_escape",
    "mid_frame",
    "mid_utf8",
    "mid_body",
    "after_frames",
]
"""mid_text: in the text for the user; mid_text_number: inside a number of that text; mid_string, mid_number, mid_escape: in a tool call's arguments, as whole frames;
after_event, before_terminator: between frames; mid_frame, mid_utf8, mid_body: anywhere in the bytes. after_frames is
for plans written by hand: the offset counts the frames that arrive."""

Offset = Annotated[int, Ge(0), Le(1_000_000), Drawn(0, 40)]
"""Which position of a boundary, counted from 0; a search draws from the first 41."""

IN_WORDS: dict[str, str] = {
    "before_terminator": "just before the terminator",
    "after_event": "between two events",
    "mid_text": "in the middle of the answer's text",
    "mid_text_number": "inside a number of the answer's text",
    "mid_string": "inside a string of a tool argument",
    "mid_number": "inside a number of a tool argument",
    "mid_escape": "inside an escape of a tool argument",
    "mid_frame": "inside an event",
    "mid_utf8": "inside a character",
    "mid_body": "inside the JSON body",
    "after_frames": "after a number of events",
}

_IN_TEXT = ("mid_text", "mid_text_number")
_IN_PARTS = ("mid_text", "mid_number", "mid_string", "mid_escape")
_IN_BYTES = ("before_terminator", "after_event", "mid_frame", "mid_utf8", "mid_body")


def openings(
    target: Target, *, bytes_only: bool = False, more: tuple[Boundary, ...] = ()
) -> tuple[Choice, ...]:
    """The boundaries that exist in a reply, mildest first, `more` after those in its parts; none where it failed or has no
    body."""
    if not target.reply.ok or not target.reply.body:
        return ()
    # Mildest first: without its terminator a reply has all its words.
    wanted = _IN_BYTES if bytes_only else (_IN_BYTES[0], *_IN_PARTS, *more, *_IN_BYTES[1:])
    return tuple({"boundary": name} for name in wanted if _places(target.protocol, target.reply, name))


def cut_at(target: Target, boundary: Boundary, offset: int) -> Reply | None:
    """The reply up to a boundary, then a clean end; None where the reply has no such boundary."""
    places = _places(target.protocol, target.reply, boundary) if target.reply.ok else ()
    # `after_frames` counts frames, and is written by hand: there a number beyond the last names no place.
    if not places or (boundary == "after_frames" and offset >= len(places)):
        return None
    # Any offset is valid, so that a plan stays one when the recording got shorter; the search draws small
    # ones, which name the places that stand first.
    part, at = places[offset % len(places)]
    if part is None:
        return cut(target.reply, at, End())
    return target.protocol.cut_in_part(target.reply, part, at)


def offset_at(target: Target, boundary: Boundary, offset: int) -> int | None:
    """The body offset of a boundary of the bytes; None where the reply has no such boundary."""
    found = _places(target.protocol, target.reply, boundary) if target.reply.ok else ()
    places = [at for part, at in found if part is None]
    if not places or (boundary == "after_frames" and offset >= len(places)):
        return None
    return places[offset % len(places)]


_Place = tuple[int | None, int]
"""A part and a number of its characters, or None and a body offset."""


def _places(protocol: WireProtocol, reply: Reply, boundary: str) -> tuple[_Place, ...]:
    key = ("places", protocol.name, boundary)
    return reply.derived(key, lambda: _found_places(protocol, reply, boundary))


def _found_places(protocol: WireProtocol, reply: Reply, boundary: str) -> tuple[_Place, ...]:
    if protocol.framing(reply) is None:
        return _bytes(_spread(1, len(reply.body))) if boundary == "mid_body" else ()
    frames = protocol.delta(reply)
    ends = [end for end, _ in frames]
    if boundary in (*_IN_TEXT, *_IN_PARTS):
        return tuple(_in_parts(protocol, reply, boundary))
    if boundary == "before_terminator":
        return _bytes(_before_terminator(protocol, reply, ends))
    if boundary == "after_frames":
        # 0 frames, then 1, and so on; after the last one nothing would be lost.
        return _bytes([0, *ends[:-1]])
    if boundary == "after_event":
        return _bytes(_after_events(frames))
    if boundary == "mid_frame":
        return _bytes(_middles(ends))
    return _bytes(_in_characters(protocol, reply)) if boundary == "mid_utf8" else ()


def _bytes(offsets: Iterable[int]) -> tuple[_Place, ...]:
    return tuple((None, offset) for offset in offsets)


def _in_parts(protocol: WireProtocol, reply: Reply, boundary: str) -> list[_Place]:
    found: list[_Place] = []
    splits = _splits(protocol.delta(reply))
    for number, part in enumerate(protocol.parse(reply).parts):
        if number not in splits:
            continue
        if isinstance(part, Text) and boundary in _IN_TEXT:
            places = range(1, len(part.text)) if boundary == "mid_text" else within_numbers(part.text)
            found += [(number, at) for at in _natural_first(places, splits[number])]
        elif isinstance(part, ToolCall) and boundary not in _IN_TEXT:
            inner = getattr(inside(part.arguments), boundary.removeprefix("mid_"))
            divided = bool(inner) and _divides(protocol, reply, number, inner[0])
            found += [(number, at) for at in _natural_first(inner, splits[number])] if divided else []
    return found


def _divides(protocol: WireProtocol, reply: Reply, part: int, chars: int) -> bool:
    """Whether the protocol can send the beginning of a part alone; a Gemini call arrives whole or not at all."""
    return len(protocol.parse(protocol.cut_in_part(reply, part, chars)).parts) > part


def _splits(frames: Sequence[tuple[int, Delta | None]]) -> dict[int, set[int]]:
    """Per part, the characters after which the provider itself split."""
    found: dict[int, set[int]] = {}
    length: dict[int, int] = {}
    for _, delta in frames:
        if delta is not None:
            length[delta.part] = length.get(delta.part, 0) + len(delta.text)
            found.setdefault(delta.part, set()).add(length[delta.part])
    return found


def _natural_first(places: Iterable[int], splits: set[int]) -> list[int]:
    ordered = _from_middle(list(places))
    # Where the provider itself had split its pieces, a real connection is likeliest to break.
    return [at for at in ordered if at in splits] + [at for at in ordered if at not in splits]


def _from_middle(places: list[int]) -> list[int]:
    # The middle first: at the edges a cut reply is nearly empty, or nearly whole, and shows least.
    middle = (len(places) - 1) / 2
    return [
        place for _, place in sorted(enumerate(places), key=lambda pair: (abs(pair[0] - middle), pair[0]))
    ]


def _before_terminator(protocol: WireProtocol, reply: Reply, ends: Sequence[int]) -> list[int]:
    """The latest frame boundary before which the turn is not complete."""
    if not protocol.parse(reply).complete:
        return []
    # Parsed, not looked for by name: what completes a turn differs by protocol, and may be several frames
    # before the last one.
    whole = (end for end in reversed(ends[:-1]) if not protocol.parse(cut(reply, end, End())).complete)
    return [end for end in (next(whole, None),) if end is not None]


def _after_events(frames: Sequence[tuple[int, Delta | None]]) -> list[int]:
    """Boundaries between frames, those amid content first."""
    ends = [end for end, _ in frames[:-1]]
    amid = [end for end, delta in frames[:-1] if delta is not None and delta.text]
    known = set(amid)
    return [*_from_middle(amid), *(end for end in _from_middle(ends) if end not in known)]


def _middles(ends: Sequence[int]) -> list[int]:
    starts = [0, *ends]
    return _from_middle(
        [(start + end) // 2 for start, end in zip(starts, ends, strict=False) if end - start > 2]
    )


def _in_characters(protocol: WireProtocol, reply: Reply) -> list[int]:
    framing, body = protocol.framing(reply), reply.body
    # A checksum looks like any letter, and within a sealed message all places are one: what is not whole is not read.
    if framing is not None and framing.sealed:
        return []
    # Before a continuation byte of UTF-8 (10xxxxxx) a cut is inside of a character.
    return _from_middle([at for at in range(1, len(body)) if body[at] & 0xC0 == 0x80])


def _spread(start: int, end: int) -> list[int]:
    """Up to 41 different offsets between two, the middle first."""
    # So many as `Offset` draws from.
    step = max(1, (end - start) // 41)
    return _from_middle(list(range(start, end, step))[:41])
