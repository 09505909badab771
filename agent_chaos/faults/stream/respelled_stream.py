"""An event stream in another spelling."""

from __future__ import annotations

from typing import Literal, get_args

from agent_chaos.faults.family import NOISE, Frequency
from agent_chaos.faults.fault import Choice, StreamFault, Target
from agent_chaos.faults.parts.stream_frames import with_frames
from agent_chaos.stream.exchange import Reply
from agent_chaos.stream.framing.framing import Frame

Spelling = Literal["crlf", "cr", "lf", "no_space"]

_WORDS = {
    "crlf": "has CRLF line ends",
    "cr": "has CR line ends",
    "lf": "has LF line ends",
    "no_space": "has no space after its colons",
}


class RespelledStream(StreamFault, frozen=True):
    """The same events in bytes that the grammar of server-sent events allows as well, as proxies rewrite them.

    Source: https://html.spec.whatwg.org/multipage/server-sent-events.html; genai needs the space.
    """

    family = NOISE
    frequency = Frequency.SOMETIMES
    transparent = True
    needs = frozenset({"respellings"})

    kind: Literal["respelled_stream"] = "respelled_stream"
    spelling: Spelling

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        if not target.reply.ok or target.framing is None:
            return ()
        body, spelled = target.reply.body, target.framing.respellings(target.reply.body)
        return tuple(
            {"spelling": one} for one in get_args(Spelling) if body and spelled.get(one, body) != body
        )

    def apply(self, target: Target) -> Reply:
        if {"spelling": self.spelling} not in self.openings(target):
            return target.reply
        # Frame by frame rather than the whole body, so that each keeps the chunk, and with it the moment, in
        # which it came.
        return with_frames(target, [self._respelled(target, one) for one in target.frames])

    def _respelled(self, target: Target, one: Frame) -> bytes:
        return target.framing.respellings(one.raw)[self.spelling] if target.framing else one.raw

    def describe(self) -> str:
        return f"the stream {_WORDS[self.spelling]}"
