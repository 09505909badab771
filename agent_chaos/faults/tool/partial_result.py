"""A tool returns a part of its result, and nothing says so."""

from __future__ import annotations

import json
from typing import Any, Literal, get_args

from agent_chaos.cassette.model import ToolEnd
from agent_chaos.faults.family import TOOL_RESULT, Frequency
from agent_chaos.faults.fault import Choice, ToolFault, ToolOutcome, ToolTarget
from agent_chaos.providers.json_values import loaded

Lacks = Literal["items", "fields"]

_WORDS = {"items": "the second half of every list", "fields": "the last of its fields"}


class ToolPartial(ToolFault, frozen=True):
    """A well-formed result without the second half of its lists (or lines), or without a field, as the first page of several
    or an older version of a server gives it.

    Source: DeusData/codebase-memory-mcp#1382, mvanhorn/cli-printing-press#1137, cuga-project/cuga-agent#750 (a page taken for
    the whole).
    """

    family = TOOL_RESULT
    frequency = Frequency.EVERYDAY

    kind: Literal["tool_partial"] = "tool_partial"
    lacks: Lacks

    @classmethod
    def openings(cls, target: ToolTarget) -> tuple[Choice, ...]:
        offered: tuple[Lacks, ...] = get_args(Lacks)
        return tuple({"lacks": one} for one in offered if _part(target.end.result, one) != target.end.result)

    def apply(self, target: ToolTarget) -> ToolOutcome:
        return ToolOutcome(ToolEnd(_part(target.end.result, self.lacks)))

    def describe(self) -> str:
        return f"the tool's result lacks {_WORDS[self.lacks]}"


def _part(value: Any, lacks: Lacks) -> Any:
    """The value without some of it; itself where it has nothing of the kind to lose."""
    # Tools of MCP and many frameworks return JSON in a text; half of that text would be `tool_malformed`.
    held = loaded(value) if isinstance(value, str) else None
    if isinstance(held, list | dict):
        part = _part(held, lacks)
        return json.dumps(part, ensure_ascii=False) if part != held else value
    if isinstance(value, list):
        # One at least stays: an empty list is another fault.
        kept = value[: (len(value) + 1) // 2] if lacks == "items" else value
        return [_part(one, lacks) for one in kept]
    if isinstance(value, str) and lacks == "items":
        lines = value.splitlines(keepends=True)
        return "".join(lines[: (len(lines) + 1) // 2])
    if not isinstance(value, dict):
        return value
    kept_names = list(value)[:-1] if lacks == "fields" and len(value) > 1 else list(value)
    # A field is taken from the outermost object only, so that what is lacking is one thing.
    return {name: _part(value[name], lacks) if lacks == "items" else value[name] for name in kept_names}
