"""Tools of pydantic-ai: functions that the agent calls by `FunctionSchema.call`."""

from __future__ import annotations

import functools
from types import ModuleType
from typing import Any

from agent_chaos.patch.frameworks.seam import async_tool, called_as, no_tool, same_value
from agent_chaos.patch.imports import when_imported

MODULE = "pydantic_ai._function_schema"

_STOPS = ("CallDeferred", "ApprovalRequired")


def patch(module: ModuleType) -> None:
    """Puts the seam around the call of the function, under pydantic-ai's own retries and timeouts."""
    schema: Any = module.FunctionSchema
    real = schema.call

    @functools.wraps(real)
    async def call(self: Any, args_dict: dict[str, Any], ctx: Any) -> Any:
        name = getattr(ctx, "tool_name", None)
        # Output functions are called by the same schema (`_output.py`, seen in 2.62), and need not come from
        # a tool call.
        if not name:
            return await real(self, args_dict, ctx)
        run = functools.partial(real, self, args_dict, ctx)
        return await async_tool(self.function, name, args_dict, run, playable=_told_as_json, stops=_STOPS)

    schema.call = call
    when_imported("pydantic_ai._output", _note_outputs)
    when_imported("pydantic_ai.toolsets.prefixed", _note_prefixed)
    when_imported("pydantic_ai.toolsets.renamed", _note_renamed)


def _note_names(module: ModuleType, name: str) -> None:
    """Has tools of a toolset that gives them other names known by those: it is them that the model calls."""
    toolset: Any = getattr(module, name, None)
    real = getattr(toolset, "call_tool", None)
    if real is None:
        return

    @functools.wraps(real)
    async def call_tool(self: Any, name: str, *args: Any, **kwargs: Any) -> Any:
        with called_as(name):
            return await real(self, name, *args, **kwargs)

    toolset.call_tool = call_tool


_note_prefixed = functools.partial(_note_names, name="PrefixedToolset")
_note_renamed = functools.partial(_note_names, name="RenamedToolset")


def _note_outputs(module: ModuleType) -> None:
    """Has output tools with names of their own known as such."""
    toolset: Any = getattr(module, "OutputToolset", None)
    real = getattr(toolset, "get_tools", None)
    if real is None:
        return

    @functools.wraps(real)
    async def get_tools(self: Any, ctx: Any) -> Any:
        tools = await real(self, ctx)
        for name in tools:
            # Known by their name: a note for them would stand in every recording.
            if not name.startswith("final_result"):
                no_tool(name)
        return tools

    toolset.get_tools = get_tools


def _told_as_json(result: Any, played: Any) -> bool:
    """The model is told the JSON of anything but pydantic-ai's own kinds: returns with attachments, files."""
    parts = result if isinstance(result, list | tuple) else [result]
    own = any(type(part).__module__.startswith("pydantic_ai") for part in parts)
    return same_value(result, played) if own else True
