"""The connection is never made."""

from __future__ import annotations

from typing import Annotated, Literal

from annotated_types import Ge, Le

from agent_chaos.chaos.fault import Choice, Drawn, Target, TransportFault
from agent_chaos.stream.exchange import Abort, Reply


class ConnectTimeout(TransportFault, frozen=True):
    """Nobody answers the connection: the client's own limit strikes, or the network gives up after `seconds`. Source: T2."""

    family = "timeout"
    transparent = True

    kind: Literal["connect_timeout"] = "connect_timeout"
    seconds: Annotated[int, Ge(1), Le(1_000_000), Drawn(1, 120)]

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        return ({},) if target.reply.head else ()

    def apply(self, target: Target) -> Reply:
        return (
            Reply((Abort("connect_timeout", at=float(self.seconds)),)) if target.reply.head else target.reply
        )

    def describe(self) -> str:
        return f"no connection for {self.seconds} s"
