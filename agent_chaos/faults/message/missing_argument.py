"""The model leaves an argument out."""

from __future__ import annotations

import json
from typing import Literal

from agent_chaos.faults.family import TOOL_ARGUMENTS, Frequency
from agent_chaos.faults.fault import Target
from agent_chaos.faults.parts.tool_call_parts import OneToolCall, tool_call_at, with_arguments
from agent_chaos.stream.exchange import Reply


class MissingArgument(OneToolCall, frozen=True):
    """A complete tool call, in valid JSON, without the last of its arguments.

    Source: pydantic/pydantic-ai#3118.
    """

    family = TOOL_ARGUMENTS
    frequency = Frequency.SOMETIMES

    kind: Literal["missing_argument"] = "missing_argument"

    def apply(self, target: Target) -> Reply:
        found = tool_call_at(target, self.call)
        arguments = _without_last(found[2].arguments) if found else None
        if found is None or arguments is None:
            return target.reply
        return with_arguments(target, found[0], found[1], arguments)

    def describe(self) -> str:
        return f"tool call {self.call} lacks its last argument"


def _without_last(arguments: str) -> str | None:
    """The argument text without its last key; None where it has none."""
    try:
        value = json.loads(arguments)
    except ValueError:
        return None
    if not isinstance(value, dict) or not value:
        return None
    return json.dumps(dict(list(value.items())[:-1]), ensure_ascii=False)
