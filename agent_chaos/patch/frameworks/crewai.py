"""Tools of CrewAI: functions of decorated tools, and the `_run` of tool classes."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from agent_chaos.patch.frameworks.held_functions import seen_method, sees

MODULE = "crewai.tools.base_tool"


def patch(module: ModuleType) -> None:
    """Puts the seam below CrewAI's own validation, limits and error texts."""
    tool: Any = vars(module)["Tool"]
    # Each of these reads `func` by itself.
    for method in ("run", "_run", "_arun"):
        sees(tool, method, "func", _name)
    base: Any = vars(module)["BaseTool"]
    # Users override `_run` in a class of their own, where no attribute holds a function to exchange.
    real = base.__init_subclass__.__func__

    @functools.wraps(real)
    def subclassed(cls: Any, **options: Any) -> None:
        real(cls, **options)
        _see_methods(cls)

    # Through `Any`, as type checkers know no class method that is made at run time.
    made: Any = classmethod
    base.__init_subclass__ = made(subclassed)
    for cls in _below(base):
        # A decorated tool's `_run` only calls its `func`, which has the seam.
        if cls is not tool:
            _see_methods(cls)


def _below(kind: Any) -> Iterator[Any]:
    """The classes that were made of a class before it was patched."""
    for cls in kind.__subclasses__():
        yield cls
        yield from _below(cls)


def _see_methods(cls: Any) -> None:
    for method in ("_run", "_arun"):
        if method in vars(cls):
            setattr(cls, method, seen_method(vars(cls)[method], _name))


def _name(tool: Any) -> str:
    """CrewAI tells the model of tools by a name that every provider takes."""
    text: Any = importlib.import_module("crewai.utilities.string_utils")
    return str(text.sanitize_tool_name(tool.name))
