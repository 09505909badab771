"""Tools of AG2: functions that a `FunctionTool` resolves and calls."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from agent_chaos.patch.frameworks.held_functions import only, sees

MODULE = "ag2.tools.final.function_tool"

_STOPS = ("HumanInputError",)


def patch(module: ModuleType) -> None:
    """Puts the seam into the function, below the error event for its failure."""
    kind: Any = vars(module)["FunctionTool"]
    sees(
        kind,
        "__call__",
        "call",
        lambda tool: str(tool.name),
        holder=lambda tool: tool.model,
        hidden=lambda tool: only(lambda: tool.schema.function.parameters.get("properties", {})),
        stops=_STOPS,
    )
