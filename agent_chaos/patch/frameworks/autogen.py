"""Tools of AutoGen: functions that a `FunctionTool` calls."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from agent_chaos.patch.frameworks.held_functions import sees

MODULE = "autogen_core.tools._function_tool"


def patch(module: ModuleType) -> None:
    """Puts the seam into the function, below the validation of its input and the error result for its failure."""
    kind: Any = vars(module)["FunctionTool"]
    sees(
        kind,
        "run",
        # Private, and the only place that holds the function.
        "_func",
        lambda tool: str(tool.name),
        # AutoGen adds it to the call where the function takes one.
        hidden=lambda tool: lambda name, value: name == "cancellation_token",
    )
