"""A tool returns an error instead of its result."""

from __future__ import annotations

from typing import Any, Literal

from agent_chaos.cassette.model import ToolEnd
from agent_chaos.faults.family import TOOL_RESULT, Frequency
from agent_chaos.faults.fault import Choice, ToolFault, ToolOutcome, ToolTarget


class ErrorResult(ToolFault, frozen=True):
    """The tool returns, as if it had succeeded, an object with an `error` key, or one of MCP with `isError`.

    Source: langchain-ai/deepagents#4662, strands-agents/harness-sdk#995; MCP's `isError`.
    """

    family = TOOL_RESULT
    frequency = Frequency.EVERYDAY

    kind: Literal["tool_error"] = "tool_error"
    message: str = "Tool error"
    shape: Literal["object", "mcp"] = "object"

    @classmethod
    def openings(cls, target: ToolTarget) -> tuple[Choice, ...]:
        # One form for each tool: an MCP client reads nothing but content blocks, and other tools have no such
        # form.
        return ({"shape": "mcp"},) if _of_mcp(target.end.result) else ({},)

    def apply(self, target: ToolTarget) -> ToolOutcome:
        text = {"type": "text", "text": self.message}
        result = {"isError": True, "content": [text]} if self.shape == "mcp" else {"error": self.message}
        # The tool says that it failed, so nothing was done; a time-out (`tool_timeout`) leaves that open, and
        # there the effect landed.
        return ToolOutcome(ToolEnd(result), performed=False)

    def describe(self) -> str:
        return f"the tool returns an error ({self.message})"


def _of_mcp(result: Any) -> bool:
    """Whether it is the result of an MCP call: a list of content blocks."""
    return isinstance(result, dict) and isinstance(result.get("content"), list)
