"""The host has no address."""

from __future__ import annotations

from typing import Literal

from agent_chaos.chaos.fault import Choice, Target, TransportFault
from agent_chaos.stream.exchange import Abort, Reply


class DnsError(TransportFault, frozen=True):
    """The name does not resolve. Source: T1; clients report it as they do a refused connection."""

    family = "connection"
    transparent = True

    kind: Literal["dns_error"] = "dns_error"

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        return ({},) if target.reply.head else ()

    def apply(self, target: Target) -> Reply:
        return Reply((Abort("dns", at=0.05),)) if target.reply.head else target.reply

    def describe(self) -> str:
        return "the host name does not resolve"
