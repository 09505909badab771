"""A tool raises."""

from __future__ import annotations

from typing import Literal

from agent_chaos.chaos.fault import Choice, ToolFault, ToolOutcome, ToolTarget


class ToolRaise(ToolFault, frozen=True):
    """The tool raises an exception of a built-in type. Source: deepagents#4662, openai-agents#4254."""

    family = "tool_result"
    searched = False

    kind: Literal["tool_raise"] = "tool_raise"
    error_type: Literal[
        "TimeoutError", "ConnectionError", "ValueError", "RuntimeError", "PermissionError"
    ] = "RuntimeError"
    message: str = "the tool failed"

    @classmethod
    def openings(cls, target: ToolTarget) -> tuple[Choice, ...]:
        return ()

    def apply(self, target: ToolTarget) -> ToolOutcome:
        return ToolOutcome(error_type=self.error_type, error=self.message, performed=False)

    def describe(self) -> str:
        return f"the tool raises {self.error_type}"
