"""Tools of Simon Willison's `llm`: functions in `Tool.implementation`."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from agent_chaos.patch.frameworks.held_functions import only, seen, viewed

MODULE = "llm.models"

_STOPS = ("PauseChain", "CancelToolCall")


def patch(module: ModuleType) -> None:
    """Puts the seam into the function, below the error text for its failure."""
    viewed(vars(module)["Tool"], "implementation", _seen)


def _seen(tool: Any, implementation: Any) -> Any:
    declared = only(lambda: tool.input_schema.get("properties", {}))
    return seen(implementation, lambda: str(tool.name), hidden=declared, stops=_STOPS)
