"""The server's certificate is not trusted."""

from __future__ import annotations

from typing import Literal

from agent_chaos.chaos.fault import Choice, Target, TransportFault
from agent_chaos.stream.exchange import Abort, Reply


class TlsError(TransportFault, frozen=True):
    """The certificate cannot be verified. Source: T3; SDKs retry it, which never helps."""

    family = "connection"

    kind: Literal["tls_error"] = "tls_error"

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        return ({},) if target.reply.head else ()

    def apply(self, target: Target) -> Reply:
        return Reply((Abort("tls", at=0.05),)) if target.reply.head else target.reply

    def describe(self) -> str:
        return "the certificate cannot be verified"
