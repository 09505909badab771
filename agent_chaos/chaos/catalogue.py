"""Finds the faults: every concrete `Fault` subclass defined by a module of this folder, by its `kind`."""

from __future__ import annotations

import importlib
import pkgutil
from difflib import get_close_matches
from functools import cache
from inspect import isabstract
from typing import get_args

import agent_chaos.chaos as folder
from agent_chaos.chaos.fault import Fault
from agent_chaos.errors import PlanError

_NOT_FAULTS = {
    "argument_text",
    "base",
    "builder",
    "canary",
    "catalogue",
    "declared_arguments",
    "earlier",
    "fault",
    "final_text",
    "forms",
    "mutation",
    "no_reply",
    "plan",
    "positions",
    "provider_error",
    "proxy_page",
    "stream_frames",
    "tool_call_parts",
    "trigger",
    "words",
}


@cache
def fault_types() -> dict[str, type[Fault]]:
    """Every fault by kind, mildest level first, then by name."""
    found: dict[str, type[Fault]] = {}
    for module_info in pkgutil.iter_modules(folder.__path__):
        if module_info.name in _NOT_FAULTS:
            continue
        module = importlib.import_module(f"{folder.__name__}.{module_info.name}")
        for value in vars(module).values():
            if isinstance(value, type) and value.__module__ == module.__name__ and _is_fault(value):
                found[kind_of(value)] = value
    return dict(sorted(found.items()))


def _is_fault(cls: type) -> bool:
    """Whether a class is one fault, not what a family has in common, which has no kind of its own."""
    return (
        issubclass(cls, Fault) and not isabstract(cls) and bool(get_args(cls.model_fields["kind"].annotation))
    )


def kind_of(cls: type[Fault]) -> str:
    """The `kind` of a fault class."""
    return str(get_args(cls.model_fields["kind"].annotation)[0])


def fault_type(kind: str) -> type[Fault]:
    """The fault class of that kind. Raises PlanError, with near names."""
    try:
        return fault_types()[kind]
    except KeyError:
        near = get_close_matches(kind, fault_types(), n=3)
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        raise PlanError(f"unknown fault {kind!r}{hint}") from None
