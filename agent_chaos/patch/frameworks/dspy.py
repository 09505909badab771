"""Tools of DSPy: functions that a `Tool` calls."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from agent_chaos.patch.frameworks.held_functions import sees

MODULE = "dspy.adapters.types.tool"


def patch(module: ModuleType) -> None:
    """Puts the seam into the function, below the validation of its arguments."""
    kind: Any = vars(module)["Tool"]
    for method in ("__call__", "acall"):
        sees(kind, method, "func", lambda tool: str(tool.name))
