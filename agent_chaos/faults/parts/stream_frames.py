"""The frames of a stream, put back in their time with others in their place. Shared by the stream faults."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from agent_chaos.stream.exchange import Data, Reply, ReplyEvent
from agent_chaos.stream.sse import frames


def raw_frames(reply: Reply) -> list[bytes]:
    """The bytes of each frame, joined the whole body."""
    return [one.raw for one in frames(reply.body)]


def with_frames(reply: Reply, raws: Sequence[bytes]) -> Reply:
    """The stream with other bytes in the place of each frame; empty bytes leave it out.

    What stands in the place of a frame comes when the last byte of that frame came.
    """
    return Reply(tuple(_timed(reply, raws)))


def _timed(reply: Reply, raws: Sequence[bytes]) -> Iterator[ReplyEvent]:
    left, arrived = list(zip(frames(reply.body), raws, strict=True)), 0
    for event in reply.events:
        if not isinstance(event, Data):
            yield event
            continue
        arrived += len(event.data)
        while left and left[0][0].end <= arrived:
            raw = left.pop(0)[1]
            if raw:
                yield Data(raw, event.at)
