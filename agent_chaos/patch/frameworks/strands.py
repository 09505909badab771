"""Tools of Strands Agents: functions that are made tools by `@tool`."""

from __future__ import annotations

import functools
import inspect
from types import ModuleType
from typing import Any

from agent_chaos.patch.frameworks.seam import async_tool, sync_tool

MODULE = "strands.tools.decorator"

_STOPS = ("InterruptException",)


def patch(module: ModuleType) -> None:
    """Puts the seam around the function, below the validation of its input and the error result for its failure."""
    kind: Any = module.DecoratedFunctionTool
    real = kind.__init__

    @functools.wraps(real)
    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        real(self, *args, **kwargs)
        if hasattr(self, "_tool_func") and not inspect.isasyncgenfunction(self._tool_func):
            self._tool_func = _seen(self, self._tool_func)

    kind.__init__ = init


def _seen(tool: Any, func: Any) -> Any:
    if inspect.iscoroutinefunction(func):

        @functools.wraps(func)
        async def seen_async(*args: Any, **kwargs: Any) -> Any:
            run = functools.partial(func, *args, **kwargs)
            return await async_tool(func, tool.tool_name, _asked(tool, kwargs), run, stops=_STOPS)

        return seen_async

    @functools.wraps(func)
    def seen(*args: Any, **kwargs: Any) -> Any:
        run = functools.partial(func, *args, **kwargs)
        return sync_tool(func, tool.tool_name, _asked(tool, kwargs), run, stops=_STOPS)

    return seen


def _asked(tool: Any, kwargs: dict[str, Any]) -> dict[str, Any]:
    """What the model asked for: the parameters that it is told of, without the agent and the context."""
    schema = tool.tool_spec["inputSchema"].get("json", {})
    return {name: value for name, value in kwargs.items() if name in schema.get("properties", {})}
