"""Faults, one file each, plans of them, and the DSL. Pure; imports `stream`, `providers` and `errors` only.

A module in this folder that defines a `Fault` subclass with a `kind` adds that fault, and with it its words:
`llm_<kind>(...)` or `tool_<kind>(...)`; there is no other registration.
"""

from __future__ import annotations

import importlib
from typing import Any

_HOMES = {
    "base": ("ChaosAction", "ChaosPoint", "ChaosResult"),
    "builder": ("Chaos",),
    "forms": (
        "ContextChaos",
        "HistoryChaos",
        "LLMChaos",
        "StreamChaos",
        "ToolChaos",
        "UserInputChaos",
        "after_calls",
        "after_turns",
        "always",
        "between_turns",
        "on_call",
        "on_turn",
        "with_probability",
    ),
    "plan": ("Plan", "Site"),
    "trigger": ("Trigger",),
    "words": ("any_fault",),
}
_ALIASES = {"ChaosBuilder": ("builder", "Chaos"), "TriggerConfig": ("trigger", "Trigger")}


def __dir__() -> list[str]:
    """Every name for `import *` and for completion: values, conditions, and the word of each fault."""
    words, earlier = (importlib.import_module(f"{__name__}.{home}") for home in ("words", "earlier"))
    values = (name for names in _HOMES.values() for name in names)
    return sorted({*values, *_ALIASES, *words.names(), *earlier.EXPORTED})


def __getattr__(name: str) -> Any:
    if name == "__all__":
        return __dir__()
    if name.startswith("_"):
        raise AttributeError(name)
    for home, names in _HOMES.items():
        if name in names:
            return getattr(importlib.import_module(f"{__name__}.{home}"), name)
    if name in _ALIASES:
        home, original = _ALIASES[name]
        return getattr(importlib.import_module(f"{__name__}.{home}"), original)
    words, earlier = (importlib.import_module(f"{__name__}.{home}") for home in ("words", "earlier"))
    found = words.named(name) or earlier.by_class_name(name)
    if found is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return found
