"""A stream written anew from a changed turn, put back into the bytes that were recorded.

A frame that says the same stays byte for byte. A frame that says something else keeps its key order, its spacing and every
field that the change does not touch. Only a frame without a counterpart is written from the turn alone, in the style of
one like it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import Any

from agent_chaos.providers.frames import as_ok
from agent_chaos.providers.json_edit import rewritten, styled
from agent_chaos.providers.json_values import loaded
from agent_chaos.stream.exchange import Data, End, Head, Reply, cut, with_body
from agent_chaos.stream.framing.framing import Frame, Framing


def silent(one: Frame) -> bool:
    """Whether a client would not notice a frame: a comment, a blank line, an unterminated tail."""
    return not one.has_data or not one.complete


@dataclass(frozen=True, slots=True)
class Comparison:
    """How frames of a protocol are compared: `says` is what a protocol reads in a frame, its JSON (or other text) without what
    it does not look at, which recorded frames keep; `silent` tells the frames that clients pass over.
    """

    framing: Framing
    says: Callable[[Frame], Any]
    silent: Callable[[Frame], bool] = silent

    def same(self, recorded: Frame, written: Frame) -> bool:
        """Whether two frames say the same."""
        if recorded.event != written.event or recorded.has_data != written.has_data:
            return False
        return bool(self.says(recorded) == self.says(written))


def splice(like: Reply, rendered: bytes, by: Comparison) -> Reply:
    """A reply that streams what `rendered` says in the frames of `like`, with its headers and status 200.

    Leading frames that say the same keep their chunks and times; the others their times, one chunk per time. A frame
    without a counterpart comes when the one that it replaces came, or together with the one before it.
    """
    old = by.framing.frames_of(like) if by.framing.holds(like) else ()
    new = by.framing.frames(rendered)
    placed = list(_placed(like, old, new, by))
    raws = by.framing.joined([raw for raw, _ in placed])
    kept = next(
        (at for at, (raw, one) in enumerate(zip(raws, old, strict=False)) if raw != one.raw),
        min(len(raws), len(old)),
    )
    rest = [(raw, at) for raw, (_, at) in zip(raws[kept:], placed[kept:], strict=True)]
    return _streamed(like, by.framing, old[kept - 1].end if kept else 0, rest)


def _placed(
    like: Reply, old: Sequence[Frame], new: Sequence[Frame], by: Comparison
) -> Iterator[tuple[bytes, float]]:
    """The frames to send, with their times: the recorded silent ones between those that they stood between."""
    times = _arrivals(like, old)
    models = _Models(old)
    now, used = _first_byte(like), 0
    for number, (one, place) in enumerate(zip(new, _places(old, new, by), strict=True)):
        if place.at is not None:
            yield from ((old[i].raw, max(now, times[i])) for i in range(used, place.at) if by.silent(old[i]))
            now, used = times[place.at], place.at + 1
        last = number == len(new) - 1
        yield (
            (
                _edited(old[used - 1], one, by, last=last)
                if place.same_frame
                else models.written(one, by.framing)
            ),
            now,
        )
    if used and all(map(by.silent, old[used:])):
        yield from ((old[i].raw, times[i]) for i in range(used, len(old)))


@dataclass(frozen=True, slots=True)
class _Place:
    """The recorded frame in whose place a written one comes, if any, and whether it is that frame, changed or not."""

    at: int | None = None
    same_frame: bool = False


def _places(old: Sequence[Frame], new: Sequence[Frame], by: Comparison) -> list[_Place]:
    """For each written frame its place: equal frames from both ends, then frames of one shape, then what is left in order."""
    heard = [number for number, one in enumerate(old) if not by.silent(one)]
    found = [_Place()] * len(new)
    low, high = [0, 0], [len(heard), len(new)]
    for alike in (by.same, _of_one_shape):
        ahead = _agreeing(heard[low[0] : high[0]], new[low[1] : high[1]], old, alike)
        for step in range(ahead):
            found[low[1] + step] = _Place(heard[low[0] + step], same_frame=True)
        low = [low[0] + ahead, low[1] + ahead]
        behind = _agreeing(heard[low[0] : high[0]][::-1], new[low[1] : high[1]][::-1], old, alike)
        for step in range(1, behind + 1):
            found[high[1] - step] = _Place(heard[high[0] - step], same_frame=True)
        high = [high[0] - behind, high[1] - behind]
    left = heard[low[0] : high[0]]
    paired = len(left) == high[1] - low[1]
    for number, at in zip(range(low[1], high[1]), left, strict=False):
        found[number] = _Place(at, same_frame=paired)
    return found


def _agreeing(
    heard: Sequence[int], new: Sequence[Frame], old: Sequence[Frame], alike: Callable[[Frame, Frame], bool]
) -> int:
    """How many frames agree from the start."""
    pairs = zip(heard, new, strict=False)
    return next(
        (count for count, (at, one) in enumerate(pairs) if not alike(old[at], one)), min(len(heard), len(new))
    )


def _of_one_shape(one: Frame, other: Frame) -> bool:
    return _shape(one) == _shape(other)


def _shape(one: Frame) -> Hashable:
    return one.event, one.has_data, _shape_of(loaded(one.data))


def _shape_of(value: Any) -> Hashable:
    """The keys of a JSON value all the way down, and what its objects say that they are; of a list those of its first."""
    if isinstance(value, list):
        return (_shape_of(value[0]),) if value else ()
    if not isinstance(value, dict):
        return None
    named = ((key, str(one) if key == "type" else _shape_of(one)) for key, one in value.items())
    return frozenset(named)


def _edited(recorded: Frame, written: Frame, by: Comparison, *, last: bool) -> bytes:
    """The recorded frame, saying what the written one says."""
    unended = not recorded.complete and not last
    if by.same(recorded, written) and not unended:
        return recorded.raw
    value, before = loaded(written.data), loaded(recorded.data)
    if not isinstance(value, dict) or not isinstance(before, dict) or not recorded.has_data:
        return written.raw
    data = rewritten(recorded.data, _with_unread(before, by.says(recorded), value))
    if unended or recorded.event != written.event:
        return by.framing.frame(data, event=written.event, newline=by.framing.newline_of(recorded.raw))
    return by.framing.with_data(recorded, data)


def _with_unread(recorded: Any, read: Any, written: Any) -> Any:
    """What is written, with all that stands in the recorded JSON and is not read."""
    if isinstance(recorded, dict) and isinstance(read, dict) and isinstance(written, dict):
        unread = {key: value for key, value in recorded.items() if key not in read}
        deeper = {
            key: _with_unread(recorded[key], read[key], value) if key in recorded and key in read else value
            for key, value in written.items()
        }
        return {**deeper, **unread}
    if not isinstance(recorded, list) or not isinstance(read, list) or not isinstance(written, list):
        return written
    if not len(recorded) == len(read) == len(written):
        return written
    return [_with_unread(*one) for one in zip(recorded, read, written, strict=True)]


@dataclass(frozen=True)
class _Models:
    """Recorded frames that new ones are written like."""

    recorded: Sequence[Frame]

    @cached_property
    def by_shape(self) -> dict[Hashable, Frame]:
        return {
            _shape(one): one for one in self.recorded if one.has_data and isinstance(loaded(one.data), dict)
        }

    def written(self, one: Frame, framing: Framing) -> bytes:
        """A new frame, written as a recorded one of its shape is; or at least in the spacing of one."""
        value = loaded(one.data)
        if not isinstance(value, dict) or not self.by_shape:
            return one.raw
        model = self.by_shape.get(_shape(one))
        if model is not None:
            return framing.with_data(model, rewritten(model.data, value))
        return framing.with_data(one, styled(value, next(iter(self.by_shape.values())).data))


def _arrivals(reply: Reply, found: Sequence[Frame]) -> list[float]:
    """When the last byte of each frame arrived, in virtual seconds."""
    times: list[float] = []
    got = 0
    for event in reply.events:
        if isinstance(event, Data):
            got += len(event.data)
            while len(times) < len(found) and found[len(times)].end <= got:
                times.append(event.at)
    return times


def _first_byte(reply: Reply) -> float:
    return next((event.at for event in reply.events if isinstance(event, Data)), reply.duration)


def _streamed(like: Reply, framing: Framing, kept_bytes: int, rest: Sequence[tuple[bytes, float]]) -> Reply:
    begun = cut(like, kept_bytes, End())
    chunks = [
        Data(b"".join(raw for raw, _ in group), at) for at, group in groupby(rest, key=lambda pair: pair[1])
    ]
    datas = [event for event in begun.events if isinstance(event, Data)] + chunks
    last = max([like.duration, *(data.at for data in datas)])
    wanted = like.header("content-type") if framing.holds(like) else ""
    reply = Reply((like.head or Head(200), *datas, End(last)))
    return as_ok(with_body(reply, reply.body), wanted or framing.content_type)
