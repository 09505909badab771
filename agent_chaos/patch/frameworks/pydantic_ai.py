"""Tools of pydantic-ai: functions that the agent calls by `FunctionSchema.call`."""

from __future__ import annotations

import functools
from types import ModuleType
from typing import Any

from agent_chaos.patch.frameworks.seam import async_tool

MODULE = "pydantic_ai._function_schema"


def patch(module: ModuleType) -> None:
    """Puts the seam around the call of the function, under pydantic-ai's own retries and timeouts."""
    schema: Any = module.FunctionSchema
    real = schema.call

    @functools.wraps(real)
    async def call(self: Any, args_dict: dict[str, Any], ctx: Any) -> Any:
        name = getattr(ctx, "tool_name", None)
        if not name:
            return await real(self, args_dict, ctx)
        return await async_tool(self.function, name, args_dict, lambda: real(self, args_dict, ctx))

    schema.call = call
