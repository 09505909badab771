"""The provider answers 400: the request is too long."""

from __future__ import annotations

from typing import Literal

from agent_chaos.chaos.error_message import with_message
from agent_chaos.chaos.fault import Choice, Target, TransportFault
from agent_chaos.chaos.provider_error import answerable, answered
from agent_chaos.stream.exchange import Reply


class ContextLength(TransportFault, frozen=True):
    """400 in the provider's words for too many tokens. Source: H400 context length; SDKs do not retry it."""

    family = "refusal"

    kind: Literal["context_length"] = "context_length"
    message: str = ""

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        return answerable(target)

    def apply(self, target: Target) -> Reply:
        return with_message(answered(target, "context_length"), self.message)

    def describe(self) -> str:
        return "context length exceeded (400)"
