"""The provider answers 403."""

from __future__ import annotations

from typing import Literal

from agent_chaos.chaos.error_message import with_message
from agent_chaos.chaos.fault import Choice, Target, TransportFault
from agent_chaos.chaos.provider_error import answerable, answered
from agent_chaos.stream.exchange import Reply


class PermissionError(TransportFault, frozen=True):
    """403 with the provider's own error body. Source: H403; every SDK gives up at once."""

    family = "refusal"

    kind: Literal["permission_error"] = "permission_error"
    message: str = ""

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        return answerable(target)

    def apply(self, target: Target) -> Reply:
        return with_message(answered(target, "permission"), self.message)

    def describe(self) -> str:
        return "permission denied (403)"
