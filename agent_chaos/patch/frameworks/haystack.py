"""Tools of Haystack: functions that a `Tool` calls."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from agent_chaos.patch.frameworks.held_functions import sees

MODULE = "haystack.tools.tool"


def patch(module: ModuleType) -> None:
    """Puts the seam into the function, below Haystack's own error for its failure."""
    kind: Any = vars(module)["Tool"]
    for method, attribute in (("invoke", "function"), ("invoke_async", "async_function")):
        # Not every release has both.
        if method in vars(kind):
            sees(kind, method, attribute, lambda tool: str(tool.name))
