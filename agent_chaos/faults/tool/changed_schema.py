"""A tool is not what it was when the model was told of it."""

from __future__ import annotations

from typing import Literal

from agent_chaos.cassette.model import ToolEnd
from agent_chaos.faults.family import TOOL_FAILURE, Frequency
from agent_chaos.faults.fault import Choice, ToolFault, ToolOutcome, ToolTarget

_How = Literal["argument_renamed", "tool_removed"]


class ToolSchemaChanged(ToolFault, frozen=True):
    """Between the list of tools and the call, an argument got another name, or the tool is gone: the call is refused.

    Source: openai/codex#19155, UiPath/uipath-langchain-python#915 (tools of MCP servers that changed within a session).
    """

    family = TOOL_FAILURE
    frequency = Frequency.SOMETIMES

    kind: Literal["tool_schema_changed"] = "tool_schema_changed"
    how: _How

    @classmethod
    def openings(cls, target: ToolTarget) -> tuple[Choice, ...]:
        named = isinstance(target.arguments, dict) and target.arguments
        return ({"how": "argument_renamed"}, {"how": "tool_removed"}) if named else ({"how": "tool_removed"},)

    def apply(self, target: ToolTarget) -> ToolOutcome:
        if self.how == "tool_removed":
            return ToolOutcome(
                # Not performed: the call is refused before the tool's code runs, so an oracle may not count
                # its effect.
                ToolEnd(error_type="LookupError", error=f"unknown tool: {target.name}"),
                performed=False,
            )
        first = next(iter(target.arguments), "") if isinstance(target.arguments, dict) else ""
        # In Python's words, which is what a framework gets that calls the function with the old name.
        refused = f"{target.name}() got an unexpected keyword argument {first!r}"
        return ToolOutcome(ToolEnd(error_type="TypeError", error=refused), performed=False)

    def describe(self) -> str:
        what = "an argument has another name" if self.how == "argument_renamed" else "it is gone"
        return f"the tool changed since the model was told of it: {what}"
