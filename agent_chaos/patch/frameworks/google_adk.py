"""Tools of Google's Agent Development Kit: functions that `FunctionTool` calls."""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import ModuleType
from typing import Any

from agent_chaos.patch.frameworks.seam import async_tool

MODULE = "google.adk.tools.function_tool"


def patch(module: ModuleType) -> None:
    """Puts the seam around the call of the function, below the validation of its arguments."""
    kind: Any = module.FunctionTool
    # Private: the public `run_async` checks arguments and asks for confirmation first, which is ADK's own
    # work.
    real = kind._invoke_callable

    @functools.wraps(real)
    async def invoke(self: Any, target: Callable[..., Any], args_to_call: dict[str, Any]) -> Any:
        run = functools.partial(real, self, target, args_to_call)
        if target is not self.func:  # whether the call is to be confirmed
            return await run()
        # Private: the parameters that ADK fills in itself, such as the tool's context.
        injected = getattr(self, "_ignore_params", ())
        asked = {name: value for name, value in args_to_call.items() if name not in injected}
        return await async_tool(target, self.name, asked, run)

    kind._invoke_callable = invoke
