"""The provider does not know the model."""

from __future__ import annotations

from typing import Literal

from agent_chaos.chaos.error_message import with_message
from agent_chaos.chaos.fault import Choice, Target, TransportFault
from agent_chaos.chaos.provider_error import answerable, answered
from agent_chaos.stream.exchange import Reply


class NotFound(TransportFault, frozen=True):
    """404 (OpenAI Responses: 400) with the provider's own error body. Source: H404; retired models, and keys without access."""

    family = "refusal"

    kind: Literal["not_found"] = "not_found"
    message: str = ""

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        return answerable(target)

    def apply(self, target: Target) -> Reply:
        return with_message(answered(target, "not_found"), self.message)

    def describe(self) -> str:
        return "model not found (404, OpenAI Responses 400)"
