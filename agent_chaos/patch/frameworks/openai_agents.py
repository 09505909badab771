"""Tools of the OpenAI Agents SDK: functions that are made tools by `function_tool`."""

from __future__ import annotations

import copy
import functools
from collections.abc import Awaitable, Callable
from inspect import getclosurevars
from types import ModuleType
from typing import Any

from agent_chaos.patch.frameworks.held_functions import viewed
from agent_chaos.patch.frameworks.seam import async_tool, no_tool
from agent_chaos.patch.imports import replace_everywhere, when_imported
from agent_chaos.providers.json_values import JsonObject, loaded

MODULE = "agents.tool"

_OF_A_FUNCTION = "_invoke_tool_impl"
"""Attribute of the invokers that `function_tool` makes: what calls the function, under the SDK's handling of its failures."""


def patch(module: ModuleType) -> None:
    """Puts the seam into tools as they are called, so that it does not matter when they were made."""
    # Private (seen in 0.24): the public `on_invoke_tool` has already made a failure into the text for the
    # model, so that a fault around it would end the run instead.
    _see_functions(vars(module)["_FailureHandlingFunctionToolInvoker"])
    _see_hand_built(module)
    when_imported("agents.handoffs", _note_handoffs)


def _see_functions(invoker: Any) -> None:
    """Puts the seam under the SDK's own handling of a function's failures, which tells the model of them."""
    real = invoker.__call__

    @functools.wraps(real)
    async def call(self: Any, context: Any, arguments: str) -> Any:
        # A copy: tools are shared by all runs of a process, recorded and live ones.
        seen = copy.copy(self)
        seen._invoke_tool_impl = _seen(self, self._invoke_tool_impl)
        return await real(seen, context, arguments)

    invoker.__call__ = call


def _seen(invoker: Any, implementation: Any) -> Callable[[Any, str], Awaitable[Any]]:
    async def invoke(context: Any, arguments: str) -> Any:
        if getattr(invoker._function_tool, "_is_agent_tool", False):
            no_tool(context.tool_name)  # an agent: what it asks and calls is seen by itself
            return await implementation(context, arguments)
        # The SDK checks arguments in a function that only this closure holds.
        if prepare := getclosurevars(implementation).nonlocals.get("_prepare_arguments"):
            # Arguments that do not fit are an error of the model's, by which no tool has run.
            prepare(arguments, context.tool_name)
        function = invoker._get_wrapped_callable()
        run = functools.partial(implementation, context, arguments)
        return await async_tool(function, context.tool_name, _asked(arguments), run)

    return invoke


def _see_hand_built(module: ModuleType) -> None:
    """Puts the seam into tools that nobody made of a function: whatever their `on_invoke_tool` does with its JSON."""
    real = vars(module)["_invoke_function_tool_with_metadata"]

    @functools.wraps(real)
    async def invoke(*, function_tool: Any, **given: Any) -> Any:
        # Those that `function_tool` made are seen further in, under the SDK's handling of failures.
        if not hasattr(function_tool.on_invoke_tool, _OF_A_FUNCTION):
            function_tool = copy.copy(function_tool)
            function_tool.on_invoke_tool = _invoked(function_tool, function_tool.on_invoke_tool)
        return await real(function_tool=function_tool, **given)

    vars(module)["_invoke_function_tool_with_metadata"] = invoke
    replace_everywhere(real, invoke)


def _invoked(tool: Any, invoke: Any) -> Any:
    @functools.wraps(invoke, updated=())
    async def on_invoke_tool(context: Any, arguments: str) -> Any:
        run = functools.partial(invoke, context, arguments)
        return await async_tool(invoke, tool.name, _asked(arguments), run)

    return on_invoke_tool


def _asked(arguments: str) -> JsonObject:
    asked = loaded(arguments)
    return asked if isinstance(asked, dict) else {"input": arguments}


def _note_handoffs(module: ModuleType) -> None:
    """Has calls that hand over to another agent known as such: no tool runs for them."""
    viewed(module.Handoff, "on_invoke_handoff", lambda made, call: _noting(call, lambda: made.tool_name))


def _noting(real: Any, name: Callable[[], str]) -> Any:
    async def noted(*args: Any, **kwargs: Any) -> Any:
        no_tool(name())
        return await real(*args, **kwargs)

    # The SDK keeps marks of its own on the function.
    noted.__dict__.update(getattr(real, "__dict__", {}))
    return noted
