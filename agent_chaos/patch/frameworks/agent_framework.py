"""Tools of Microsoft's Agent Framework: functions that a `FunctionTool` calls."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from agent_chaos.patch.frameworks.held_functions import only, sees

MODULE = "agent_framework._tools"


def patch(module: ModuleType) -> None:
    """Puts the seam into the function, below the parsing of its result and the error result for its failure."""
    kind: Any = vars(module)["FunctionTool"]
    sees(
        kind,
        "invoke",
        "func",
        lambda tool: str(tool.name),
        hidden=lambda tool: only(lambda: tool.parameters().get("properties", {})),
    )
