"""Keep-alive frames between the real ones."""

from __future__ import annotations

from typing import Annotated, Literal

from annotated_types import Ge, Le

from agent_chaos.faults.family import NOISE, Frequency
from agent_chaos.faults.fault import Choice, StreamFault, Target
from agent_chaos.stream.exchange import Data, End, Reply, ReplyEvent


class KeepAliveNoise(StreamFault, frozen=True):
    """Frames a correct client ignores: after the first `every` frames, and again after as many.

    Source: openai/openai-python#2722 and #3833, NousResearch/hermes-agent#111887.
    """

    family = NOISE
    frequency = Frequency.EVERYDAY
    transparent = True
    needs = frozenset({"keep_alives"})

    kind: Literal["keep_alive_noise"] = "keep_alive_noise"
    every: Annotated[int, Ge(1), Le(8)]

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        return ({},) if target.reply.ok and target.streamed and target.protocol.noise() else ()

    def apply(self, target: Target) -> Reply:
        noise = target.protocol.noise()
        ends = [end for end, _ in target.protocol.delta(target.reply)] if target.streamed else []
        if not target.reply.ok or not noise or not ends:
            return target.reply
        # Never behind the last of the places, which may be the end of the stream: a client that has read the
        # terminator has left, and would not see it.
        places = ends[self.every - 1 :: self.every][:-1] or ends[:1]
        return _with_frames(target.reply, {end: noise[i % len(noise)] for i, end in enumerate(places)})

    def describe(self) -> str:
        often = "each event" if self.every == 1 else f"every {self.every} events"
        return f"keep-alive frames after {often}"


def _with_frames(reply: Reply, frames: dict[int, bytes]) -> Reply:
    """The stream with a frame inserted after each body offset, in the chunk that ends or crosses there."""
    events: list[ReplyEvent] = []
    seen = 0
    for event in reply.events:
        if isinstance(event, Data):
            cuts = [at for at in sorted(frames) if seen < at <= seen + len(event.data)]
            data, start = b"", 0
            for at in cuts:
                data += event.data[start : at - seen] + frames[at]
                start = at - seen
            event = Data(data + event.data[start:], event.at)
            seen += len(event.data) - sum(len(frames[at]) for at in cuts)
        events.append(event)
    return Reply(tuple(events)) if isinstance(events[-1], End) else reply
