"""The header lies about compression."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from agent_chaos.faults.family import CONNECTION, Frequency
from agent_chaos.faults.fault import Choice, Target, TransportFault
from agent_chaos.stream.exchange import Reply, header, with_header


class BadEncoding(TransportFault, frozen=True):
    """A plain body that calls itself gzip: the client cannot read a byte of it, and no SDK retries it in a stream.

    Source: RFC 9110 section 8.4; proxies that decode a body and leave its header. genai passes the error on raw.
    """

    family = CONNECTION
    frequency = Frequency.RARE

    kind: Literal["bad_encoding"] = "bad_encoding"

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        readable = (
            # A reply that is compressed already would be decoded, and then fail for another reason.
            target.reply.ok and target.reply.body and not header(target.reply.headers, "content-encoding")
        )
        return ({},) if readable else ()

    def apply(self, target: Target) -> Reply:
        head = target.reply.head
        if head is None or not self.openings(target):
            return target.reply
        headers = with_header(head.headers, "content-encoding", "gzip")
        return Reply((replace(head, headers=headers), *target.reply.events[1:]))

    def describe(self) -> str:
        return "a plain body that calls itself gzip"
