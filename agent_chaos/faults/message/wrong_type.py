"""The model gives an argument a value of another type."""

from __future__ import annotations

from typing import Any, Literal

from agent_chaos.faults.family import TOOL_ARGUMENTS, Frequency
from agent_chaos.faults.fault import Target
from agent_chaos.faults.parts.declared_arguments import changed, declared_arguments, type_of
from agent_chaos.faults.parts.tool_call_parts import OneToolCall
from agent_chaos.stream.exchange import Reply

_WRONG: dict[str, Any] = {
    "string": {"value": None},
    "number": "a few",
    "integer": "a few",
    "boolean": "maybe",
    "array": "all of them",
    "object": "see above",
}


class WrongType(OneToolCall, frozen=True):
    """A complete tool call, in valid JSON, whose last argument has a type that the tool's schema does not allow.

    Source: google-genai's automatic calling answers with an error result, frameworks ask again.
    """

    family = TOOL_ARGUMENTS
    frequency = Frequency.SOMETIMES

    kind: Literal["wrong_type"] = "wrong_type"

    def apply(self, target: Target) -> Reply:
        found = declared_arguments(target, self.call)
        if found is None:
            return target.reply
        given, declared = found
        name = next((name for name in reversed(given) if type_of(declared.get(name, {})) in _WRONG), None)
        if name is None:
            return target.reply
        return changed(target, self.call, {**given, name: _WRONG[type_of(declared[name])]})

    def describe(self) -> str:
        return f"tool call {self.call} has an argument of a type that its schema does not allow"
