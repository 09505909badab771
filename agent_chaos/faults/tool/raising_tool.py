"""A tool raises."""

from __future__ import annotations

from typing import Literal

from agent_chaos.cassette.model import ToolEnd
from agent_chaos.faults.family import TOOL_FAILURE, Frequency
from agent_chaos.faults.fault import Choice, ToolFault, ToolOutcome, ToolTarget

ErrorType = Literal["TimeoutError", "ConnectionError", "ValueError", "RuntimeError", "PermissionError"]

_MESSAGES: dict[str, str] = {
    "TimeoutError": "connection timed out",
    "ConnectionError": "connection reset by peer",
    "ValueError": "invalid value",
    "RuntimeError": "the tool failed",
    "PermissionError": "permission denied",
}


class ToolRaise(ToolFault, frozen=True):
    """The tool raises an exception of a built-in type before it did anything.

    Source: langchain-ai/langgraph#6486 (ToolNode re-raises, calls stay unanswered), agno-agi/agno#5493,
    pydantic/pydantic-ai#2310.
    """

    family = TOOL_FAILURE
    frequency = Frequency.EVERYDAY

    kind: Literal["tool_raise"] = "tool_raise"
    error_type: ErrorType = "RuntimeError"
    message: str = ""

    @classmethod
    def openings(cls, target: ToolTarget) -> tuple[Choice, ...]:
        return {"error_type": "TimeoutError"}, {"error_type": "ConnectionError"}, {}

    def apply(self, target: ToolTarget) -> ToolOutcome:
        message = self.message or _MESSAGES[self.error_type]
        return ToolOutcome(ToolEnd(error_type=self.error_type, error=message), performed=False)

    def describe(self) -> str:
        return f"the tool raises {self.error_type} before it did anything"
