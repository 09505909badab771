"""The provider is overloaded."""

from __future__ import annotations

from typing import Literal

from agent_chaos.chaos.fault import Choice, Target, TransportFault
from agent_chaos.chaos.provider_error import answerable, answered
from agent_chaos.stream.exchange import Reply


class Overloaded(TransportFault, frozen=True):
    """529 (Anthropic) or 503 (OpenAI, Gemini), with the provider's own body. Source: H529, H503g; two recorded 529s in agent loops."""

    family = "server"
    transparent = True

    kind: Literal["overloaded"] = "overloaded"

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        return answerable(target)

    def apply(self, target: Target) -> Reply:
        return answered(target, "overloaded")

    def describe(self) -> str:
        return "provider overloaded (529 or 503)"
