"""The DSL: constructors of faults with a condition of when they act, and class forms of them.

Every fault of the catalogue has its constructors here: `llm_<kind>(...)` or `tool_<kind>(...)`; there is no registration.
"""

from __future__ import annotations

import importlib
from typing import Any

# By module, and imported when a name is asked for: scenarios that use no faults load none.
_HOMES = {
    "compat": ("ChaosAction", "ChaosPoint", "ChaosResult"),
    "builder": ("Chaos",),
    "class_forms": (
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
    "trigger": ("Trigger",),
    "constructors": ("any_fault",),
}
_ELSEWHERE = {"Plan": "agent_chaos.faults.plan", "Site": "agent_chaos.faults.plan"}
_ALIASES = {"ChaosBuilder": ("builder", "Chaos"), "TriggerConfig": ("trigger", "Trigger")}


def __dir__() -> list[str]:
    """Every name for `import *` and for completion: values, conditions, and the constructor of each fault."""
    values = (name for names in _HOMES.values() for name in names)
    constructors = _module("constructors").constructor_names()
    return sorted({*values, *_ELSEWHERE, *_ALIASES, *constructors, *_module("compat").EXPORTED})


def __getattr__(name: str) -> Any:
    if name == "__all__":
        return __dir__()
    # Python asks for `__path__` and the like; to look such a name up among the faults would load the whole
    # catalogue.
    if name.startswith("_"):
        raise AttributeError(name)
    for home, names in _HOMES.items():
        if name in names:
            return getattr(_module(home), name)
    if name in _ELSEWHERE:
        return getattr(importlib.import_module(_ELSEWHERE[name]), name)
    if name in _ALIASES:
        home, original = _ALIASES[name]
        return getattr(_module(home), original)
    # Last, since it imports every fault: `from agent_chaos.chaos import Chaos` must stay cheap.
    found = _module("constructors").constructor(name) or _module("compat").by_class_name(name)
    if found is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return found


def _module(home: str) -> Any:
    return importlib.import_module(f"{__name__}.{home}")
