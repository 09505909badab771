"""A reply with nothing in it."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from agent_chaos.faults.family import BODY, Frequency
from agent_chaos.faults.fault import Choice, Target, TransportFault
from agent_chaos.faults.parts.provider_error import answerable
from agent_chaos.stream.exchange import End, Reply, header, with_header


class EmptyBody(TransportFault, frozen=True):
    """200, the headers of the reply, and no byte of a body.

    Source: RFC 9110 section 15.3.1 (200 with a length of 0); genai takes it for an empty answer.
    """

    family = BODY
    frequency = Frequency.RARE
    changes = ("turn",)

    kind: Literal["empty_body"] = "empty_body"

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        return answerable(target) if target.reply.body else ()

    def apply(self, target: Target) -> Reply:
        head = target.reply.head
        if head is None or not self.openings(target):
            return target.reply
        told = header(head.headers, "content-length")
        # A length that promises more would be a connection that broke (`incomplete_body`); a chunked reply
        # has no length to mend.
        headers = with_header(head.headers, "content-length", "0") if told else head.headers
        return Reply((replace(head, headers=headers), End(head.at)))

    def describe(self) -> str:
        return "a reply with status 200 and an empty body"
