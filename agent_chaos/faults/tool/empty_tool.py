"""A tool returns nothing."""

from __future__ import annotations

from typing import Any, Literal

from agent_chaos.cassette.model import ToolEnd
from agent_chaos.faults.family import TOOL_RESULT, Frequency
from agent_chaos.faults.fault import Choice, ToolFault, ToolOutcome, ToolTarget

Value = Literal["text", "null", "list", "object"]

_VALUES: dict[str, Any] = {"text": "", "null": None, "list": [], "object": {}}
_WORDS = {"text": "an empty string", "null": "None", "list": "an empty list", "object": "an empty object"}


class ToolEmpty(ToolFault, frozen=True):
    """The tool returns an empty value: a string, None, a list or an object. Its effect landed.

    Source: langchain-ai/langchain#39039 (an empty result taken for a success).
    """

    family = TOOL_RESULT
    frequency = Frequency.EVERYDAY

    kind: Literal["tool_empty"] = "tool_empty"
    value: Value = "text"

    @classmethod
    def openings(cls, target: ToolTarget) -> tuple[Choice, ...]:
        same_type: Value = "object" if isinstance(target.end.result, dict) else "list"
        fitting = (same_type,) if isinstance(target.end.result, dict | list) else ()
        offered: tuple[Value, ...] = (*fitting, "text", "null")
        return tuple(
            # The default is left out, so that plans stay as short as people write them.
            {} if one == "text" else {"value": one}
            for one in offered
            if _VALUES[one] != target.end.result
        )

    def apply(self, target: ToolTarget) -> ToolOutcome:
        return ToolOutcome(ToolEnd(_VALUES[self.value]))

    def describe(self) -> str:
        return f"the tool returns {_WORDS[self.value]}"
