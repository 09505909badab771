"""The header says another kind of content."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from agent_chaos.faults.family import NOISE, Frequency
from agent_chaos.faults.fault import Choice, Target, TransportFault
from agent_chaos.stream.exchange import Reply, with_header


class WrongContentType(TransportFault, frozen=True):
    """Whole JSON that calls itself `text/plain`.

    Source: RFC 9110 section 8.3; every SDK reads it all the same.
    """

    family = NOISE
    frequency = Frequency.RARE
    transparent = True

    kind: Literal["wrong_content_type"] = "wrong_content_type"

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        lies = target.reply.ok and target.reply.body and not target.streamed
        return ({},) if lies and target.reply.header("content-type") != "text/plain" else ()

    def apply(self, target: Target) -> Reply:
        head = target.reply.head
        if head is None or not self.openings(target):
            return target.reply
        headers = with_header(head.headers, "content-type", "text/plain")
        return Reply((replace(head, headers=headers), *target.reply.events[1:]))

    def describe(self) -> str:
        return "the reply calls itself text/plain"
