"""The frames of a stream, put back in their time with others in their place. Shared by the stream faults."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from agent_chaos.faults.fault import Target
from agent_chaos.stream.exchange import Data, Reply, ReplyEvent


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
