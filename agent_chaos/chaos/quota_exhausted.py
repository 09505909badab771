"""The account has nothing left to spend."""

from __future__ import annotations

from typing import Literal

from agent_chaos.chaos.error_message import with_message
from agent_chaos.chaos.fault import Choice, Target, TransportFault
from agent_chaos.chaos.provider_error import answerable, answered
from agent_chaos.stream.exchange import Reply


class QuotaExhausted(TransportFault, frozen=True):
    """429 (Anthropic: 400) that no wait repairs, in the provider's words. Source: H429q, H400b; gemini-cli#22988."""

    family = "refusal"

    kind: Literal["quota_exhausted"] = "quota_exhausted"
    message: str = ""

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        return answerable(target)

    def apply(self, target: Target) -> Reply:
        return with_message(answered(target, "quota"), self.message)

    def describe(self) -> str:
        return "quota exhausted (429, Anthropic 400)"
