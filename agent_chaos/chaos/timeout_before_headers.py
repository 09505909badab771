"""The reply never starts."""

from __future__ import annotations

from typing import Annotated, Literal

from annotated_types import Ge, Le

from agent_chaos.chaos.fault import Choice, Drawn, Target, TransportFault
from agent_chaos.stream.exchange import Abort, Reply


class TimeoutBeforeHeaders(TransportFault, frozen=True):
    """No byte arrives: the client's own read timeout strikes, or the network gives up after `seconds`.

    Source: T5, S5; pydantic-ai#4031, java-genai#548 (a client without a timeout waits for as long as this lasts).
    """

    family = "timeout"
    transparent = True

    kind: Literal["timeout_before_headers"] = "timeout_before_headers"
    seconds: Annotated[int, Ge(1), Le(1_000_000), Drawn(30, 3_600)]

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        return ({},) if target.reply.head else ()

    def apply(self, target: Target) -> Reply:
        return Reply((Abort("read_timeout", at=float(self.seconds)),)) if target.reply.head else target.reply

    def describe(self) -> str:
        return f"no reply for {self.seconds} s"
