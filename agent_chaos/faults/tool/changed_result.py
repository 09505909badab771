"""A tool returns something else of the same kind."""

from __future__ import annotations

from typing import Any, Literal

from agent_chaos.cassette.model import ToolEnd
from agent_chaos.faults.family import TOOL_RESULT, Frequency
from agent_chaos.faults.fault import Choice, ToolFault, ToolOutcome, ToolTarget

_NEXT_DIGIT = str.maketrans("0123456789", "1234567890")


class ToolChanged(ToolFault, frozen=True):
    """A result of the same form about something else: every number and every digit of a text is another.

    Source: esengine/DeepSeek-Reasonix#2955; another entity's result, a stale copy, an index that moved.
    """

    family = TOOL_RESULT
    frequency = Frequency.SOMETIMES

    kind: Literal["tool_changed"] = "tool_changed"

    @classmethod
    def openings(cls, target: ToolTarget) -> tuple[Choice, ...]:
        return ({},) if other(target.end.result) != target.end.result else ()

    def apply(self, target: ToolTarget) -> ToolOutcome:
        return ToolOutcome(ToolEnd(other(target.end.result)))

    def describe(self) -> str:
        return "the tool returns a result about something else"


def other(value: Any) -> Any:
    """A JSON value of the same form with other numbers and digits."""
    if isinstance(value, dict):
        return {key: other(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [other(inner) for inner in value]
    if isinstance(value, str):
        return value.translate(_NEXT_DIGIT)
    # A bool is an int in Python; the other truth would be another form of answer, not another entity's.
    return value + 1 if isinstance(value, int | float) and not isinstance(value, bool) else value
