"""The provider has the request asked again."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from agent_chaos.faults.family import SERVER, Frequency
from agent_chaos.faults.fault import Choice, Target, TransportFault
from agent_chaos.faults.parts.provider_error import answerable
from agent_chaos.stream.exchange import End, Reply, with_header, without_header


class Redirect(TransportFault, frozen=True):
    """307 to the same address: the same request is to be sent once more, method and body as they are.

    Source: RFC 9110 section 15.4.8; load balancers and gateways that move a request to another region.
    """

    family = SERVER
    frequency = Frequency.RARE
    changes = ("turn",)
    transparent = True

    kind: Literal["redirect"] = "redirect"

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        return answerable(target)

    def apply(self, target: Target) -> Reply:
        head = target.reply.head
        if head is None or not target.reply.ok:
            return target.reply
        # 307, not 302: only with 307 and 308 does the client send the same method and body again.
        bare = without_header(without_header(head.headers, "content-length"), "transfer-encoding")
        headers = with_header(with_header(bare, "location", target.request.url), "content-length", "0")
        return Reply((replace(head, status=307, reason="Temporary Redirect", headers=headers), End(head.at)))

    def describe(self) -> str:
        return "307 Temporary Redirect, to the same address"
