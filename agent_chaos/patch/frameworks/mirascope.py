"""Tools of Mirascope: functions that its tools execute."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from agent_chaos.patch.frameworks.held_functions import only, sees

MODULE = "mirascope.llm.tools.tools"

_KINDS = ("Tool", "AsyncTool", "ContextTool", "AsyncContextTool")


def patch(module: ModuleType) -> None:
    """Puts the seam into the function, below the error output for its failure."""
    for name in _KINDS:
        kind: Any = vars(module).get(name)
        # Not every release has all four.
        if kind is not None:
            sees(kind, "execute", "fn", lambda tool: str(tool.name), hidden=_declared)


def _declared(tool: Any) -> Any:
    return only(lambda: tool.parameters.properties)
