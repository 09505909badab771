"""Tools of the OpenAI Agents SDK: functions that are made tools by `function_tool`."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from types import ModuleType
from typing import Any

from agent_chaos.patch.frameworks.seam import async_tool, no_tool, sync_tool
from agent_chaos.patch.imports import when_imported
from agent_chaos.providers.json_values import loaded

MODULE = "agents.tool"

_CONTEXT = "RunContextWrapper"
_OF_A_FUNCTION = "_invoke_tool_impl"
"""Attribute of the invokers that `function_tool` makes."""


def patch(module: ModuleType) -> None:
    """Puts the seam into functions as they become tools, under the SDK's own handling of their failures."""
    real: Any = vars(module)["function_tool"]

    @functools.wraps(real)
    def function_tool(func: Any = None, **options: Any) -> Any:
        if func is None:
            return lambda later: real(_seen(later, options), **options)
        return real(_seen(func, options), **options)

    vars(module)["function_tool"] = function_tool
    _see_hand_built(vars(module)["FunctionTool"])
    when_imported("agents.handoffs", _note_handoffs)
    when_imported("agents.agent", _note_agents)


def _see_hand_built(kind: Any) -> None:
    """Puts the seam into tools that nobody made of a function: whatever their `on_invoke_tool` does with its JSON."""
    real = kind.__post_init__

    @functools.wraps(real)
    def made(self: Any) -> None:
        real(self)
        if not hasattr(self.on_invoke_tool, _OF_A_FUNCTION):
            self.on_invoke_tool = _invoked(self, self.on_invoke_tool)

    kind.__post_init__ = made


def _invoked(tool: Any, invoke: Any) -> Any:
    @functools.wraps(invoke, updated=())
    async def on_invoke_tool(context: Any, arguments: str) -> Any:
        asked = loaded(arguments)
        given = asked if isinstance(asked, dict) else {"input": arguments}
        return await async_tool(invoke, tool.name, given, lambda: invoke(context, arguments))

    return on_invoke_tool


def _note_handoffs(module: ModuleType) -> None:
    """Has calls that hand over to another agent known as such: no tool runs for them."""
    kind: Any = module.Handoff
    real = kind.__init__

    @functools.wraps(real)
    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        real(self, *args, **kwargs)
        self.on_invoke_handoff = _noting(self.on_invoke_handoff, lambda: self.tool_name)

    kind.__init__ = init


def _note_agents(module: ModuleType) -> None:
    """Has agents that are tools of agents known as such: what they ask and call is seen by itself."""
    agent: Any = module.Agent
    real = agent.as_tool

    @functools.wraps(real)
    def as_tool(self: Any, *args: Any, **kwargs: Any) -> Any:
        made = real(self, *args, **kwargs)
        invoker = made.on_invoke_tool
        if hasattr(invoker, _OF_A_FUNCTION):
            invoker._invoke_tool_impl = _noting(invoker._invoke_tool_impl, lambda: made.name)
        return made

    agent.as_tool = as_tool


def _noting(real: Any, name: Callable[[], str]) -> Any:
    async def noted(*args: Any, **kwargs: Any) -> Any:
        no_tool(name())
        return await real(*args, **kwargs)

    noted.__dict__.update(getattr(real, "__dict__", {}))
    return noted


def _is_context(value: Any) -> bool:
    return any(cls.__name__ == _CONTEXT for cls in type(value).__mro__)


def _seen(func: Callable[..., Any], options: dict[str, Any]) -> Callable[..., Any]:
    if not inspect.isroutine(func):
        return func
    name = options.get("name_override") or func.__name__
    signature = inspect.signature(func)

    def asked(args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        given = signature.bind(*args, **kwargs).arguments
        return {key: value for key, value in given.items() if not _is_context(value)}

    if inspect.iscoroutinefunction(func):

        @functools.wraps(func)
        async def seen_async(*args: Any, **kwargs: Any) -> Any:
            return await async_tool(func, name, asked(args, kwargs), lambda: func(*args, **kwargs))

        return seen_async

    @functools.wraps(func)
    def seen(*args: Any, **kwargs: Any) -> Any:
        return sync_tool(func, name, asked(args, kwargs), lambda: func(*args, **kwargs))

    return seen
