"""The provider answers 400."""

from __future__ import annotations

from typing import Literal

from agent_chaos.chaos.error_message import with_message
from agent_chaos.chaos.fault import Choice, Target, TransportFault
from agent_chaos.chaos.provider_error import answerable, answered
from agent_chaos.stream.exchange import Reply


class InvalidRequest(TransportFault, frozen=True):
    """400 with the provider's own error body. Source: H400; openai-agents#1061, langgraph#5109 (histories it refuses)."""

    family = "refusal"

    kind: Literal["invalid_request"] = "invalid_request"
    message: str = ""

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        return answerable(target)

    def apply(self, target: Target) -> Reply:
        return with_message(answered(target, "invalid_request"), self.message)

    def describe(self) -> str:
        return "invalid request (400)"
