"""Tools of Strands Agents: functions that are made tools by `@tool`."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from agent_chaos.patch.frameworks.held_functions import only, seen, viewed

MODULE = "strands.tools.decorator"

_STOPS = ("InterruptException",)


def patch(module: ModuleType) -> None:
    """Puts the seam around the function, below the validation of its input and the error result for its failure."""
    viewed(vars(module)["DecoratedFunctionTool"], "_tool_func", _seen)


def _seen(tool: Any, function: Any) -> Any:
    """What the model asked for are the parameters that it is told of, without the agent and the context."""
    declared = only(lambda: tool.tool_spec["inputSchema"].get("json", {}).get("properties", {}))
    return seen(function, lambda: str(tool.tool_name), hidden=declared, stops=_STOPS)
