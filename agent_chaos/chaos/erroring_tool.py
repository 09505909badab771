"""A tool returns an error instead of its result."""

from __future__ import annotations

from typing import Literal

from agent_chaos.chaos.fault import Choice, ToolFault, ToolOutcome, ToolTarget


class ToolError(ToolFault, frozen=True):
    """The tool returns a JSON object with an `error` key. Source: MCP `isError`; deepagents#4662."""

    family = "tool_result"
    searched = False

    kind: Literal["tool_error"] = "tool_error"
    message: str = "Tool error"

    @classmethod
    def openings(cls, target: ToolTarget) -> tuple[Choice, ...]:
        return ()

    def apply(self, target: ToolTarget) -> ToolOutcome:
        return ToolOutcome(result={"error": self.message}, performed=False)

    def describe(self) -> str:
        return f"the tool returns an error ({self.message})"
