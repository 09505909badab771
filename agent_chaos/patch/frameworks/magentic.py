"""Functions that Magentic calls for a model: those of a `FunctionCall`."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from agent_chaos.patch.frameworks.held_functions import sees

MODULE = "magentic.function_call"


def patch(module: ModuleType) -> None:
    """Puts the seam into the function of each call."""
    kind: Any = vars(module)["FunctionCall"]
    sees(kind, "__call__", "_function", lambda call: str(call.function.__name__))
