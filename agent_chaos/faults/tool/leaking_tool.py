"""A tool raises, and its message holds a credential."""

from __future__ import annotations

from typing import Literal

from agent_chaos.cassette.model import ToolEnd
from agent_chaos.faults.family import TOOL_FAILURE, Frequency
from agent_chaos.faults.fault import Choice, ToolFault, ToolOutcome, ToolTarget
from agent_chaos.faults.parts.canary import DSN


class ToolSecretError(ToolFault, frozen=True):
    """The tool raises a ConnectionError that quotes its connection string, password and all.

    Source: agno-agi/agno#8928 (tracebacks sent to the model); Anthropic's tool_runner and genai's automatic calling
    send such messages to the provider.
    """

    family = TOOL_FAILURE
    frequency = Frequency.SOMETIMES

    kind: Literal["tool_secret_error"] = "tool_secret_error"

    @classmethod
    def openings(cls, target: ToolTarget) -> tuple[Choice, ...]:
        return ({},)

    def apply(self, target: ToolTarget) -> ToolOutcome:
        return ToolOutcome(
            # A fixed string that stands nowhere else, which the oracle finds again in what is sent to the
            # provider.
            ToolEnd(error_type="ConnectionError", error=f"could not connect to {DSN}"),
            performed=False,
        )

    def describe(self) -> str:
        return "the tool raises ConnectionError with its connection string in the message"
