"""The provider answers 500."""

from __future__ import annotations

from typing import Literal

from agent_chaos.chaos.error_message import with_message
from agent_chaos.chaos.fault import Choice, Target, TransportFault
from agent_chaos.chaos.provider_error import answerable, answered
from agent_chaos.stream.exchange import Reply


class ServerError(TransportFault, frozen=True):
    """500 with the provider's own error body. Source: H500; recorded OpenAI and Azure 500s."""

    family = "server"
    transparent = True

    kind: Literal["server_error"] = "server_error"
    message: str = ""

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        return answerable(target)

    def apply(self, target: Target) -> Reply:
        return with_message(answered(target, "server_error"), self.message)

    def describe(self) -> str:
        return "server error (500)"
