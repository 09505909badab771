"""Tools of LangChain and LangGraph: every tool class runs through `_run` or `_arun`."""

from __future__ import annotations

import functools
from types import ModuleType
from typing import Any

from agent_chaos.patch.frameworks.seam import async_tool, no_tool, sync_tool
from agent_chaos.patch.imports import when_imported

MODULE = "langchain_core.tools.base"

_OURS = "__agent_chaos_seam__"
_STOPS = ("GraphBubbleUp",)
"""What LangGraph's interrupts and commands to a parent graph are raised as."""

_NOT_ARGUMENTS = ("config", "run_manager", "callbacks")


def patch(module: ModuleType) -> None:
    """Puts the seam under `BaseTool.run` and `arun`, so that LangChain's own handling of errors sees what faults do."""
    base: Any = module.BaseTool
    for outer in ("run", "arun"):
        setattr(base, outer, _ready(getattr(base, outer), base))
    # In a package of its own that comes later, or never: LangGraph alone does not bring it.
    when_imported("langchain.agents.structured_output", _note_outputs)


def _note_outputs(module: ModuleType) -> None:
    """Has calls that carry structured output known as such: no tool runs for them."""
    binding: Any = getattr(module, "OutputToolBinding", None)
    real = getattr(binding, "parse", None)
    if real is None:
        return

    @functools.wraps(real)
    def parse(self: Any, *args: Any, **kwargs: Any) -> Any:
        no_tool(self.tool.name)
        return real(self, *args, **kwargs)

    binding.parse = parse


def _ready(real: Any, base: Any) -> Any:
    """`run` or `arun`, which first sees to it that the tool's class has the seam."""

    @functools.wraps(real)
    def ready(self: Any, *args: Any, **kwargs: Any) -> Any:
        for name, seam in (("_run", _sync), ("_arun", _async)):
            # The class that defines it, when a tool of it is first run: users make such classes at any time.
            owner = next((cls for cls in type(self).__mro__ if name in vars(cls)), base)
            # `BaseTool._arun` itself is left alone: it hands over to `_run` in a thread, which has the seam.
            if owner is not base and not hasattr(vars(owner)[name], _OURS):
                setattr(owner, name, seam(vars(owner)[name]))
        return real(self, *args, **kwargs)

    return ready


def _sync(real: Any) -> Any:
    @functools.wraps(real)
    def run(self: Any, *args: Any, **kwargs: Any) -> Any:
        asked, whole = _asked(self, args, kwargs), functools.partial(_whole, self)
        # The whole arguments, with what LangChain injects: the real tool needs them, and only the record does
        # without.
        run_it = functools.partial(real, self, *args, **kwargs)
        return sync_tool(_function(self), self.name, asked, run_it, revive=whole, stops=_STOPS)

    setattr(run, _OURS, True)
    return run


def _async(real: Any) -> Any:
    @functools.wraps(real)
    async def run(self: Any, *args: Any, **kwargs: Any) -> Any:
        asked, whole = _asked(self, args, kwargs), functools.partial(_whole, self)
        run_it = functools.partial(real, self, *args, **kwargs)
        return await async_tool(_function(self), self.name, asked, run_it, revive=whole, stops=_STOPS)

    setattr(run, _OURS, True)
    return run


def _function(tool: Any) -> Any:
    """The user's function: of a decorated tool its own, of a class its method."""
    return getattr(tool, "coroutine", None) or getattr(tool, "func", None) or type(tool)._run


def _asked(tool: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """What the model asked for: not what LangChain injects."""
    given = {name: value for name, value in kwargs.items() if name not in _NOT_ARGUMENTS}
    # Private: the parameters that LangChain fills in itself, such as the graph's state.
    given = tool._filter_injected_args(given)
    return {**given, "input": list(args) if len(args) > 1 else args[0]} if args else given


def _whole(tool: Any, result: Any) -> Any:
    """A pair of content and artifact as the tuple that LangChain demands, which JSON does not know."""
    if getattr(tool, "response_format", "") != "content_and_artifact":
        return result
    return tuple(result) if isinstance(result, list | tuple) and len(result) == 2 else (result, None)
