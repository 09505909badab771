"""An event stream in another spelling."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal, get_args

from agent_chaos.faults.family import NOISE, Frequency
from agent_chaos.faults.fault import Choice, StreamFault, Target
from agent_chaos.stream.exchange import Data, Reply, ReplyEvent
from agent_chaos.stream.sse import frames

Spelling = Literal["crlf", "cr", "lf", "no_space", "bom"]

_WORDS = {
    "crlf": "has CRLF line ends",
    "cr": "has CR line ends",
    "lf": "has LF line ends",
    "no_space": "has no space after its colons",
    "bom": "begins with a byte order mark",
}


class RespelledStream(StreamFault, frozen=True):
    """The same events in bytes that the grammar of server-sent events allows as well, as proxies rewrite them.

    Source: https://html.spec.whatwg.org/multipage/server-sent-events.html; genai needs the space.
    """

    family = NOISE
    frequency = Frequency.SOMETIMES
    transparent = True

    kind: Literal["respelled_stream"] = "respelled_stream"
    spelling: Spelling

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        if not target.reply.ok or not target.streamed:
            return ()
        body = target.reply.body
        spellings: tuple[Spelling, ...] = get_args(Spelling)
        return tuple({"spelling": one} for one in spellings if body and _respelled(body, one) != body)

    def apply(self, target: Target) -> Reply:
        if {"spelling": self.spelling} not in self.openings(target):
            return target.reply
        return Reply(tuple(self._rewritten(target.reply)))

    def _rewritten(self, reply: Reply) -> Iterator[ReplyEvent]:
        """Each frame in the new spelling, when the last byte of it came."""
        left, arrived = list(frames(reply.body)), 0
        for event in reply.events:
            if not isinstance(event, Data):
                yield event
                continue
            arrived += len(event.data)
            while left and left[0].end <= arrived:
                one = left.pop(0)
                kept = self.spelling == "bom" and one.start > 0
                yield Data(one.raw if kept else _respelled(one.raw, self.spelling), event.at)

    def describe(self) -> str:
        return f"the stream {_WORDS[self.spelling]}"


def _respelled(raw: bytes, spelling: Spelling) -> bytes:
    match spelling:
        case "crlf":
            return raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        case "cr":
            return raw.replace(b"\r\n", b"\r").replace(b"\n", b"\r")
        case "lf":
            return raw.replace(b"\r\n", b"\n")
        case "no_space":
            return re.sub(rb"(?m)^(data|event): ", rb"\1:", raw)
        case "bom":
            return b"\xef\xbb\xbf" + raw.removeprefix(b"\xef\xbb\xbf")
