"""The body arrives in other pieces."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from agent_chaos.faults.family import NOISE, Frequency
from agent_chaos.faults.fault import Choice, Target, TransportFault
from agent_chaos.stream.exchange import Data, End, Reply, ReplyEvent

_Pieces = Literal["one", "bytes"]


class Rechunk(TransportFault, frozen=True):
    """The same stream in one piece at its end, or byte by byte, so that lines and characters are split.

    Source: RFC 9112 section 7.1 (chunks have no meaning); proxies that buffer, and networks that split as they please.
    """

    family = NOISE
    frequency = Frequency.EVERYDAY
    transparent = True

    kind: Literal["rechunk"] = "rechunk"
    pieces: _Pieces

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        if not target.reply.ok or not target.streamed:
            return ()
        chunks = [event.data for event in target.reply.events if isinstance(event, Data)]
        several, split = len(chunks) > 1, any(len(chunk) > 1 for chunk in chunks)
        offered: tuple[tuple[_Pieces, bool], ...] = (("one", several), ("bytes", split))
        return tuple({"pieces": pieces} for pieces, changes in offered if changes)

    def apply(self, target: Target) -> Reply:
        if {"pieces": self.pieces} not in self.openings(target):
            return target.reply
        if self.pieces == "bytes":
            return Reply(tuple(_byte_by_byte(target.reply)))
        head, *_, last = target.reply.events
        # At the time of the end: a proxy that buffers has nothing to pass on before.
        return Reply((head, Data(target.reply.body, last.at), End(last.at)))

    def describe(self) -> str:
        return "the stream comes in one piece" if self.pieces == "one" else "the stream comes byte by byte"


def _byte_by_byte(reply: Reply) -> Iterator[ReplyEvent]:
    for event in reply.events:
        if isinstance(event, Data):
            # All at the moment of their chunk: the fault divides, it does not delay.
            yield from (Data(bytes((byte,)), event.at) for byte in event.data)
        else:
            yield event
