"""The provider answers 429 and does not say how long to wait."""

from __future__ import annotations

from typing import Literal

from agent_chaos.chaos.fault import Choice, Target, TransportFault
from agent_chaos.chaos.provider_error import answerable, answered
from agent_chaos.stream.exchange import Reply


class RateLimitPlain(TransportFault, frozen=True):
    """429 without `retry-after`: the client's own back-off decides. Source: H429n; recorded OpenAI and Gemini 429s."""

    family = "rate_limit"
    transparent = True

    kind: Literal["rate_limit_plain"] = "rate_limit_plain"

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        return answerable(target)

    def apply(self, target: Target) -> Reply:
        return answered(target, "rate_limit")

    def describe(self) -> str:
        return "rate limit (429) without retry-after"
