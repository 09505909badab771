"""The connection cannot be made."""

from __future__ import annotations

from typing import Literal

from agent_chaos.chaos.fault import Choice, Target, TransportFault
from agent_chaos.stream.exchange import Abort, Reply


class ConnectError(TransportFault, frozen=True):
    """The connection is refused. Source: T1; python-genai#1356 and the SDKs' connection errors."""

    family = "connection"
    transparent = True

    kind: Literal["connect_error"] = "connect_error"

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        return ({},) if target.reply.head else ()

    def apply(self, target: Target) -> Reply:
        return Reply((Abort("refused", at=0.05),)) if target.reply.head else target.reply

    def describe(self) -> str:
        return "connection refused"
