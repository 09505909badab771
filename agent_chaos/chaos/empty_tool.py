"""A tool returns nothing."""

from __future__ import annotations

from typing import Literal

from agent_chaos.chaos.fault import Choice, ToolFault, ToolOutcome, ToolTarget


class ToolEmpty(ToolFault, frozen=True):
    """The tool returns an empty string. Source: 0.1.3; langchain#39039 (an empty result taken for a success)."""

    family = "tool_result"
    searched = False

    kind: Literal["tool_empty"] = "tool_empty"

    @classmethod
    def openings(cls, target: ToolTarget) -> tuple[Choice, ...]:
        return ()

    def apply(self, target: ToolTarget) -> ToolOutcome:
        return ToolOutcome(result="")

    def describe(self) -> str:
        return "the tool returns an empty string"
