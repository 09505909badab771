"""Tools of LlamaIndex: functions that a `FunctionTool` calls."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from agent_chaos.patch.frameworks.held_functions import sees
from agent_chaos.patch.tools import Hidden

MODULE = "llama_index.core.tools.function_tool"


def patch(module: ModuleType) -> None:
    """Puts the seam into the function, sync and async, below what LlamaIndex makes of its result."""
    kind: Any = vars(module)["FunctionTool"]
    # Private: the public `fn` and `async_fn` only read them.
    for method, attribute in (("call", "_fn"), ("acall", "_async_fn")):
        sees(kind, method, attribute, lambda tool: str(tool.metadata.get_name()), hidden=_context)


def _context(tool: Any) -> Hidden:
    return lambda name, value: name == tool.ctx_param_name
