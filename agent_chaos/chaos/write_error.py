"""The request cannot be sent."""

from __future__ import annotations

from typing import Literal

from agent_chaos.chaos.fault import Choice, Target, TransportFault
from agent_chaos.stream.exchange import Abort, Reply


class WriteError(TransportFault, frozen=True):
    """The connection breaks while the request is sent. Source: T9; an idle connection that the server had closed."""

    family = "connection"
    transparent = True

    kind: Literal["write_error"] = "write_error"

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        return ({},) if target.reply.head else ()

    def apply(self, target: Target) -> Reply:
        return Reply((Abort("write_error", at=0.05),)) if target.reply.head else target.reply

    def describe(self) -> str:
        return "connection broken while the request was sent"
