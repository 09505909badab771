"""A stream written anew from a changed turn, put back into the bytes that were recorded.

A frame that says the same stays byte for byte. A frame that says something else keeps its key order, its spacing and every
field that the change does not touch. Only a frame without a counterpart is written from the turn alone, in the style of
one like it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import groupby
from typing import Any

from agent_chaos.providers.json_values import JsonObject, loaded
from agent_chaos.providers.parts.frames import as_ok
from agent_chaos.providers.parts.json_edit import rewritten, styled
from agent_chaos.providers.parts.json_merge import agrees, merged_json
from agent_chaos.providers.turn import ModelTurn
from agent_chaos.stream.exchange import Data, End, Head, Reply, cut, with_body
from agent_chaos.stream.framing.framing import Frame, Framing


def silent(one: Frame) -> bool:
    """Whether a client would not notice a frame: a comment, a blank line, an unterminated tail."""
    return not one.has_data or not one.complete


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """How frames of a protocol are compared: `silent` tells those that clients pass over, `noise` names fields that a protocol
    writes as it likes. A protocol has one of its own for each framing: what a reply is compared by names what is kept of it.
    """

    framing: Framing
    silent: Callable[[Frame], bool] = silent
    noise: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Message:
    """What a frame carries: JSON, or else its text. Of a recorded one, `read` is what the protocol writes back of it."""

    frame: Frame
    value: Any
    read: Any

    def says(self, other: _Message) -> bool:
        """Whether it says what a written one says."""
        one, two = self.frame, other.frame
        return one.event == two.event and one.has_data == two.has_data and bool(self.read == other.value)

    @cached_property
    def shape(self) -> Hashable:
        return self.frame.event, self.frame.has_data, _shape_of(self.read)


def splice(like: Reply, written: bytes, unchanged: Callable[[], bytes], by: Comparison) -> Reply:
    """A reply that streams what `written` says in the frames of `like`, with its headers and status 200.

    `unchanged` gives what the protocol writes of the turn of `like` itself: what differs between the two is the change. Leading
    frames that say the same keep their chunks and times; the others their times, one chunk per time. A frame without a
    counterpart comes when the one that it replaces came, or together with the one before it.
    """
    recorded = like.derived(by, lambda: _Recorded.of(like, unchanged(), by))
    old, placed = recorded.frames, list(_placed(recorded, written, by))
    raws = by.framing.joined([raw for raw, _ in placed])
    same = (at for at, (raw, one) in enumerate(zip(raws, old, strict=False)) if raw != one.raw)
    kept = next(same, min(len(raws), len(old)))
    rest = [(raw, at) for raw, (_, at) in zip(raws[kept:], placed[kept:], strict=True)]
    return _streamed(like, by.framing, old[kept - 1].end if kept else 0, rest)


def spliced(
    turn: ModelTurn,
    like: Reply,
    before: ModelTurn,
    written: Callable[[ModelTurn, str], bytes],
    by: Comparison,
) -> Reply:
    """As `splice`, of a protocol that writes a turn with line ends as `like` has them; `before` is the turn of `like`."""
    newline = by.framing.newline_of(like.body)
    return splice(like, written(turn, newline), lambda: written(before, newline), by)


def _placed(recorded: _Recorded, written: bytes, by: Comparison) -> Iterator[tuple[bytes, float]]:
    """The frames to send, with their times: the recorded silent ones between those that they stood between."""
    new = [_message(one) for one in by.framing.frames(written)]
    old, heard, times, models = recorded.frames, recorded.heard, recorded.times, recorded.models
    now, used = recorded.first_byte, 0
    for number, (one, place) in enumerate(zip(new, _places(heard, new), strict=True)):
        if place.at is not None:
            # A frame that moved must not make time run backwards.
            yield from ((old[i].raw, max(now, times[i])) for i in range(used, place.at) if i not in heard)
            now, used = times[place.at], place.at + 1
        if place.at is not None and place.same_frame:
            yield _edited(heard[place.at], one, by.framing, last=number == len(new) - 1), now
        else:
            yield models.written(one, by.framing), now
    # Comments and blank lines that came last stay last; where a heard frame was among the rest, the turn
    # ends earlier than it did, and so does the noise.
    if used and not any(i in heard for i in range(used, len(old))):
        yield from ((old[i].raw, times[i]) for i in range(used, len(old)))


def _message(one: Frame) -> _Message:
    value = loaded(one.data if one.has_data else one.raw)
    said = one.data if value is None else value
    return _Message(one, said, said)


def _heard(old: Sequence[Frame], unchanged: bytes, by: Comparison) -> dict[int, _Message]:
    """The recorded frames that clients do not pass over, by number.

    Where the protocol does not write them back one by one, each is taken for what it says itself.
    """
    found = {number: _message(one) for number, one in enumerate(old) if not by.silent(one)}
    again = [_message(one).value for one in by.framing.frames(unchanged)]
    pairs = zip(found.values(), again, strict=False)
    # Hosts that only speak like the provider leave fields out, or send frames of their own: then nobody can
    # say which written frame is which recorded one.
    if len(found) != len(again) or not all(agrees(one.value, read, by.noise) for one, read in pairs):
        return found
    return {number: replace(one, read=read) for (number, one), read in zip(found.items(), again, strict=True)}


@dataclass(frozen=True, slots=True)
class _Place:
    """The recorded frame in whose place a written one comes, if any, and whether it is that frame, changed or not."""

    at: int | None = None
    same_frame: bool = False


def _places(heard: Mapping[int, _Message], new: Sequence[_Message]) -> list[_Place]:
    """For each written frame its place: from both ends equal ones, then those of one shape, then those with the same fields;
    what is left is taken in order.
    """
    old = list(heard)
    found = [_Place()] * len(new)
    low, high = [0, 0], [len(old), len(new)]
    # Strict before lenient, and each pass only between what the one before has left: else a changed frame
    # in the middle would take the place of an equal one behind it.
    for alike in (_Message.says, _of_one_shape, _of_one_kind):
        ahead = _agreeing([heard[at] for at in old[low[0] : high[0]]], new[low[1] : high[1]], alike)
        for step in range(ahead):
            found[low[1] + step] = _Place(old[low[0] + step], same_frame=True)
        low = [low[0] + ahead, low[1] + ahead]
        behind = _agreeing(
            [heard[at] for at in old[low[0] : high[0]]][::-1], new[low[1] : high[1]][::-1], alike
        )
        for step in range(1, behind + 1):
            found[high[1] - step] = _Place(old[high[0] - step], same_frame=True)
        high = [high[0] - behind, high[1] - behind]
    left = old[low[0] : high[0]]
    # With other numbers of frames, pairs would be a guess: a written frame then takes the time of a
    # recorded one, and nothing of its text.
    paired = len(left) == high[1] - low[1]
    for number, at in zip(range(low[1], high[1]), left, strict=False):
        found[number] = _Place(at, same_frame=paired)
    return found


def _agreeing(
    old: Sequence[_Message], new: Sequence[_Message], alike: Callable[[_Message, _Message], bool]
) -> int:
    """How many messages agree from the start."""
    pairs = zip(old, new, strict=False)
    return next(
        (at for at, (one, other) in enumerate(pairs) if not alike(one, other)), min(len(old), len(new))
    )


def _of_one_shape(one: _Message, other: _Message) -> bool:
    return one.shape == other.shape


def _of_one_kind(one: _Message, other: _Message) -> bool:
    """Whether two have the same fields, whatever is in them and whatever they are called."""
    # Without the event's name: a fault may rename an event, which is then still the same message.
    fields = _fields_of(one)[1]
    return fields is not None and fields == _fields_of(other)[1]


def _fields_of(one: _Message) -> tuple[str, Hashable]:
    return one.frame.event, frozenset(one.read) if isinstance(one.read, dict) else None


def _shape_of(value: Any) -> Hashable:
    """The keys of a JSON value all the way down, and what its objects say that they are; of a list those of its first."""
    if isinstance(value, list):
        return (_shape_of(value[0]),) if value else ()
    if not isinstance(value, dict):
        return None
    # `type` is the one value that says what an object is, on every API that streams typed events.
    named = ((key, str(one) if key == "type" else _shape_of(one)) for key, one in value.items())
    return frozenset(named)


def _edited(recorded: _Message, written: _Message, framing: Framing, *, last: bool) -> bytes:
    """The recorded frame, saying what the written one says."""
    old, new = recorded.frame, written.frame
    # A tail that the connection cut off may stay so at the very end alone: any frame behind it would be
    # read as part of it.
    unended = not old.complete and not last
    if recorded.says(written) and not unended:
        return old.raw
    if not isinstance(recorded.value, dict) or not isinstance(written.value, dict) or not old.has_data:
        return new.raw
    data = rewritten(old.data, merged_json(recorded.value, recorded.read, written.value))
    if unended or old.event != new.event:
        return framing.frame(data, event=new.event, newline=framing.newline_of(old.raw))
    return framing.with_data(old, data)


@dataclass(frozen=True)
class _Models:
    """Recorded messages that new ones are written like."""

    recorded: Sequence[_Message]

    @cached_property
    def by_shape(self) -> dict[Hashable, _Message]:
        return {one.shape: one for one in self.recorded if one.frame.has_data and isinstance(one.value, dict)}

    @cached_property
    def by_fields(self) -> dict[Hashable, _Message]:
        return {_fields_of(one): one for one in self.by_shape.values()}

    def written(self, one: _Message, framing: Framing) -> bytes:
        """A new message, written as a recorded one of its shape is; or at least in the spacing of one."""
        if not isinstance(one.value, dict) or not one.frame.has_data or not self.by_shape:
            return one.frame.raw
        model = self.by_shape.get(one.shape) or self.by_fields.get(_fields_of(one))
        if model is not None:
            value = merged_json(model.value, model.read, one.value)
            return framing.with_data(model.frame, rewritten(model.frame.data, value))
        style = next(iter(self.by_shape.values())).frame.data
        return framing.with_data(one.frame, styled(self._in_order(one.value), style))

    def _in_order(self, value: JsonObject) -> JsonObject:
        """The fields in the order of a recorded message that has all of them; as they are where none has."""
        like = (one.value for one in self.by_shape.values() if value.keys() <= one.value.keys())
        return {name: value[name] for name in next(like, value) if name in value}


@dataclass(frozen=True, slots=True)
class _Recorded:
    """What every change of a reply starts from: its frames with their times, and the messages that clients hear."""

    frames: Sequence[Frame]
    times: Sequence[float]
    heard: Mapping[int, _Message]
    models: _Models
    first_byte: float

    @classmethod
    def of(cls, like: Reply, unchanged: bytes, by: Comparison) -> _Recorded:
        frames = by.framing.frames_of(like) if by.framing.holds(like) else ()
        heard = _heard(frames, unchanged, by)
        return cls(frames, _arrivals(like, frames), heard, _Models(tuple(heard.values())), _first_byte(like))


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
    # The connection stays open as long as it did: how long a turn took is not what a change of its words
    # may change.
    last = max([like.duration, *(data.at for data in datas)])
    # A recorded error, or a whole body, names another type, by which an SDK would not read a stream.
    wanted = like.header("content-type") if framing.holds(like) else ""
    reply = Reply((like.head or Head(200), *datas, End(last)))
    return as_ok(with_body(reply, reply.body), wanted or framing.content_type)
