"""The client has no connection left."""

from __future__ import annotations

from typing import Annotated, Literal

from annotated_types import Ge, Le

from agent_chaos.chaos.fault import Choice, Drawn, Target, TransportFault
from agent_chaos.stream.exchange import Abort, Reply


class PoolTimeout(TransportFault, frozen=True):
    """Every connection of the pool is busy: the client's own limit strikes, or it gives up after `seconds`.

    Source: T8; litellm#38082, langchain#13509 (abandoned streams exhaust the pool).
    """

    family = "timeout"
    transparent = True

    kind: Literal["pool_timeout"] = "pool_timeout"
    seconds: Annotated[int, Ge(1), Le(1_000_000), Drawn(1, 120)]

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        return ({},) if target.reply.head else ()

    def apply(self, target: Target) -> Reply:
        return Reply((Abort("pool_timeout", at=float(self.seconds)),)) if target.reply.head else target.reply

    def describe(self) -> str:
        return f"no free connection for {self.seconds} s"
