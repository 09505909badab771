"""The frames of a stream, put back in their time with others in their place. Shared by the stream faults."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from typing import Any

from agent_chaos.faults.fault import Target
from agent_chaos.providers.json_values import fields, loaded, text_of
from agent_chaos.providers.parts.json_edit import rewritten, styled
from agent_chaos.stream.exchange import Data, Reply, ReplyEvent
from agent_chaos.stream.framing.framing import Frame


def raw_frames(target: Target) -> list[bytes]:
    """The bytes of each frame, joined the whole body; none where the reply is whole."""
    return [one.raw for one in target.frames]


def newline_of(target: Target) -> str:
    """The line end that the stream uses."""
    return target.framing.newline_of(target.reply.body) if target.framing else "\n"


def with_frames(target: Target, raws: Sequence[bytes]) -> Reply:
    """The stream with other bytes in the place of each frame; empty bytes leave it out.

    What stands in the place of a frame comes when the last byte of that frame came.
    """
    return Reply(tuple(_timed(target, raws)))


def _timed(target: Target, raws: Sequence[bytes]) -> Iterator[ReplyEvent]:
    left, arrived = list(zip(target.frames, _joined(target, raws), strict=True))[::-1], 0
    for event in target.reply.events:
        if not isinstance(event, Data):
            yield event
            continue
        arrived += len(event.data)
        # A frame counts as sent with its last byte: no client dispatches it before.
        while left and left[-1][0].end <= arrived:
            raw = left.pop()[1]
            if raw:
                yield Data(raw, event.at)


def _joined(target: Target, raws: Sequence[bytes]) -> list[bytes]:
    """The frames as they stand one behind the other, where some of them are left out."""
    if target.framing is None:
        return list(raws)
    kept = iter(target.framing.joined([raw for raw in raws if raw]))
    return [next(kept) if raw else b"" for raw in raws]


def json_events(target: Target) -> list[Any]:
    """The JSON value of each frame of a stream, None where a frame holds none; empty where nothing was streamed.

    Read once for as long as the reply lives, so nobody may change them.
    """
    key = ("json events", target.protocol.name)
    return list(target.reply.derived(key, lambda: tuple(_values(target)) if target.reply.ok else ()))


def _values(target: Target) -> Iterator[Any]:
    return (loaded(one.data) if one.has_data else None for one in target.frames)


def with_json_events(target: Target, changed: Mapping[int, Sequence[Any]]) -> Reply:
    """The stream with other JSON values in the place of some frames, none where a frame is to be left out.

    Frames that are not named keep their bytes, but for `sequence_number`, which goes on counting without a gap.
    """
    values = json_events(target)
    # From the first number that was recorded: servers do not all begin at 0.
    numbers = count(next((value["sequence_number"] for value in values if _numbered(value)), 0))
    raws = []
    for at, one in enumerate(target.frames):
        # OpenAI's Responses number their events, and a gap would tell of the fault before its effect does.
        told = [_renumbered(value, numbers) for value in changed.get(at, [values[at]])]
        same = told == [values[at]]
        raws.append(one.raw if same else b"".join(_written(target, one, value) for value in told))
    return with_frames(target, raws)


def _written(target: Target, one: Frame, value: Any) -> bytes:
    """A frame with another value; where frames are named by the type of what they carry, the name follows it."""
    assert target.framing is not None
    event = (text_of(fields(value).get("type")) or one.event) if one.event else ""
    if event == one.event:
        return target.framing.with_data(one, rewritten(one.data, value))
    return target.framing.frame(styled(value, one.data), event=event, newline=newline_of(target))


def _numbered(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("sequence_number"), int)


def _renumbered(value: Any, numbers: Iterator[int]) -> Any:
    return {**value, "sequence_number": next(numbers)} if _numbered(value) else value
