"""Tools of the OpenAI Agents SDK: functions that are made tools by `function_tool`."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from types import ModuleType
from typing import Any

from agent_chaos.patch.frameworks.seam import async_tool, sync_tool

MODULE = "agents.tool"

_CONTEXTS = ("RunContextWrapper", "ToolContext")


def patch(module: ModuleType) -> None:
    """Puts the seam into functions as they become tools, under the SDK's own handling of their failures."""
    real: Any = vars(module)["function_tool"]

    @functools.wraps(real)
    def function_tool(func: Any = None, **options: Any) -> Any:
        if func is None:
            return lambda later: real(_seen(later, options), **options)
        return real(_seen(func, options), **options)

    vars(module)["function_tool"] = function_tool


def _seen(func: Callable[..., Any], options: dict[str, Any]) -> Callable[..., Any]:
    name = options.get("name_override") or func.__name__
    signature = inspect.signature(func)

    def asked(args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        given = signature.bind(*args, **kwargs).arguments
        return {key: value for key, value in given.items() if type(value).__name__ not in _CONTEXTS}

    if inspect.iscoroutinefunction(func):

        @functools.wraps(func)
        async def seen_async(*args: Any, **kwargs: Any) -> Any:
            return await async_tool(func, name, asked(args, kwargs), lambda: func(*args, **kwargs))

        return seen_async

    @functools.wraps(func)
    def seen(*args: Any, **kwargs: Any) -> Any:
        return sync_tool(func, name, asked(args, kwargs), lambda: func(*args, **kwargs))

    return seen
