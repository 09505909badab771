"""The provider gives up waiting for itself."""

from __future__ import annotations

from typing import Literal

from agent_chaos.chaos.fault import Choice, Target, TransportFault
from agent_chaos.chaos.provider_error import answerable, answered
from agent_chaos.stream.exchange import Reply


class GatewayTimeout(TransportFault, frozen=True):
    """504 (OpenAI: 408 in plain text), as the provider sends it. Source: H504g, H408; recorded Azure 408s."""

    family = "server"
    transparent = True

    kind: Literal["gateway_timeout"] = "gateway_timeout"

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        return answerable(target)

    def apply(self, target: Target) -> Reply:
        return answered(target, "timeout")

    def describe(self) -> str:
        return "the provider timed out (504, OpenAI 408)"
