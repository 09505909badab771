"""A whole reply where a stream was asked for."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from agent_chaos.faults.family import BODY, Frequency
from agent_chaos.faults.fault import Choice, Target, TransportFault
from agent_chaos.stream.exchange import Reply, reply


class Unstreamed(TransportFault, frozen=True):
    """The whole answer as one JSON body, at the time its stream would have ended; the server ignored `stream`.

    Source: gateways that do not stream. Anthropic and OpenAI read no event from it and raise AssertionError.
    """

    family = BODY
    frequency = Frequency.RARE
    changes = ("calls",)

    kind: Literal["unstreamed"] = "unstreamed"

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        return (
            ({},)
            if target.reply.ok and target.streamed and target.protocol.parse(target.reply).complete
            else ()
        )

    def apply(self, target: Target) -> Reply:
        if not self.openings(target):
            return target.reply
        # What a turn keeps of its stream means nothing in a whole body.
        turn = replace(target.protocol.parse(target.reply), streamed=False, extra={})
        like = reply(200, [("content-type", "application/json")], [b"{}"])
        body = target.protocol.render(turn, like).body
        headers = [("content-type", "application/json"), ("content-length", str(len(body)))]
        # A server that does not stream has nothing to send until the model has finished.
        return reply(200, headers, [body], at=target.reply.duration)

    def describe(self) -> str:
        return "the reply comes whole, as JSON, where a stream was asked for"
