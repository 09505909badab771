"""Tools of LangChain and LangGraph: every tool class runs through `_run` or `_arun`."""

from __future__ import annotations

import functools
from types import ModuleType
from typing import Any

from agent_chaos.patch.frameworks.seam import async_tool, sync_tool

MODULE = "langchain_core.tools.base"

_OURS = "__agent_chaos_seam__"
_NOT_ARGUMENTS = ("config", "run_manager", "callbacks")


def patch(module: ModuleType) -> None:
    """Puts the seam under `BaseTool.run` and `arun`, so that LangChain's own handling of errors sees what faults do."""
    base: Any = module.BaseTool
    for outer in ("run", "arun"):
        setattr(base, outer, _ready(getattr(base, outer), base))


def _ready(real: Any, base: Any) -> Any:
    """`run` or `arun`, which first sees to it that the tool's class has the seam."""

    @functools.wraps(real)
    def ready(self: Any, *args: Any, **kwargs: Any) -> Any:
        for name, seam in (("_run", _sync), ("_arun", _async)):
            owner = next((cls for cls in type(self).__mro__ if name in vars(cls)), base)
            if owner is not base and not hasattr(vars(owner)[name], _OURS):
                setattr(owner, name, seam(vars(owner)[name]))
        return real(self, *args, **kwargs)

    return ready


def _sync(real: Any) -> Any:
    @functools.wraps(real)
    def run(self: Any, *args: Any, **kwargs: Any) -> Any:
        result = sync_tool(
            _function(self), self.name, _asked(self, args, kwargs), lambda: real(self, *args, **kwargs)
        )
        return _whole(self, result)

    setattr(run, _OURS, True)
    return run


def _async(real: Any) -> Any:
    @functools.wraps(real)
    async def run(self: Any, *args: Any, **kwargs: Any) -> Any:
        result = await async_tool(
            _function(self), self.name, _asked(self, args, kwargs), lambda: real(self, *args, **kwargs)
        )
        return _whole(self, result)

    setattr(run, _OURS, True)
    return run


def _function(tool: Any) -> Any:
    """The user's function: of a decorated tool its own, of a class its method."""
    return getattr(tool, "coroutine", None) or getattr(tool, "func", None) or type(tool)._run


def _asked(tool: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """What the model asked for: not what LangChain injects."""
    given = {name: value for name, value in kwargs.items() if name not in _NOT_ARGUMENTS}
    given = tool._filter_injected_args(given)
    return {**given, "input": list(args) if len(args) > 1 else args[0]} if args else given


def _whole(tool: Any, result: Any) -> Any:
    """A pair of content and artifact as the tuple that it is, which JSON does not know."""
    pair = getattr(tool, "response_format", "") == "content_and_artifact"
    return tuple(result) if pair and isinstance(result, list) and len(result) == 2 else result
