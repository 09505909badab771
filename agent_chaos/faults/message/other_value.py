"""The model gives an argument another value that is just as valid."""

from __future__ import annotations

from typing import Any, Literal

from agent_chaos.faults.family import TOOL_ARGUMENTS, Frequency
from agent_chaos.faults.fault import Target
from agent_chaos.faults.parts.declared_arguments import changed, declared_arguments, type_of
from agent_chaos.faults.parts.tool_call_parts import OneToolCall
from agent_chaos.stream.exchange import Reply


class OtherValue(OneToolCall, frozen=True):
    """A complete tool call that fits the tool's schema, with another value of its last argument: another member of an
    enum, the other truth, a number at the edge of what is allowed or one more.

    Source: valid, but not what was asked for, which nobody can tell but the tool.
    """

    family = TOOL_ARGUMENTS
    frequency = Frequency.SOMETIMES

    kind: Literal["other_value"] = "other_value"

    def apply(self, target: Target) -> Reply:
        found = declared_arguments(target, self.call)
        given, declared = found or ({}, {})
        # The first from behind that has another valid value: a text without an enum has none that could be
        # known.
        for name in reversed(given):
            other = _other(declared.get(name, {}), given[name])
            if other is not None:
                return changed(target, self.call, {**given, name: other})
        return target.reply

    def describe(self) -> str:
        return f"tool call {self.call} has another value, just as valid, in an argument"


def _other(schema: dict[str, Any], value: Any) -> Any:
    """Another value that the schema allows; None where none is known."""
    choices = schema.get("enum")
    if isinstance(choices, list):
        return next((one for one in choices if one != value), None)
    kind = type_of(schema)
    if kind == "boolean" and isinstance(value, bool):
        return not value
    if kind in ("integer", "number") and isinstance(value, (int, float)) and not isinstance(value, bool):
        edge = schema.get("maximum")
        return edge if isinstance(edge, (int, float)) and edge != value else value + 1
    return None
