"""Tools of the Anthropic SDK's own tool runner: functions made tools by `beta_tool`."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from agent_chaos.patch.frameworks.held_functions import sees

MODULE = "anthropic.lib.tools._beta_functions"


def patch(module: ModuleType) -> None:
    """Puts the seam into the function, below the error result for its failure."""
    for name in ("BetaFunctionTool", "BetaAsyncFunctionTool"):
        kind: Any = vars(module)[name]
        # Private, and what `call` calls: the public `func` is only wrapped in it.
        sees(kind, "call", "_func_with_validate", lambda tool: str(tool.name))
