"""The server hangs up before it answers."""

from __future__ import annotations

from typing import Literal

from agent_chaos.chaos.fault import Choice, Target, TransportFault
from agent_chaos.stream.exchange import Abort, Reply


class ResetBeforeHeaders(TransportFault, frozen=True):
    """The connection closes after the request, before any reply byte. Source: T4; litellm#4008, agno#4335."""

    family = "connection"
    transparent = True

    kind: Literal["reset_before_headers"] = "reset_before_headers"

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        return ({},) if target.reply.head else ()

    def apply(self, target: Target) -> Reply:
        return Reply((Abort("disconnected", at=0.05),)) if target.reply.head else target.reply

    def describe(self) -> str:
        return "connection closed before the reply"
