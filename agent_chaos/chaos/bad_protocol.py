"""What answers does not speak HTTP."""

from __future__ import annotations

from typing import Literal

from agent_chaos.chaos.fault import Choice, Target, TransportFault
from agent_chaos.stream.exchange import Abort, Reply


class BadProtocol(TransportFault, frozen=True):
    """An illegal status line. Source: T7; genai passes it on raw, whatever its retry options."""

    family = "connection"
    transparent = True

    kind: Literal["bad_protocol"] = "bad_protocol"

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        return ({},) if target.reply.head else ()

    def apply(self, target: Target) -> Reply:
        return Reply((Abort("bad_protocol", at=0.05),)) if target.reply.head else target.reply

    def describe(self) -> str:
        return "an answer that is not HTTP"
