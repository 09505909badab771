"""Looking for failures and making them small."""

from __future__ import annotations

import importlib
from typing import Any

_HOMES = {
    "variants.chaos_space": ("ChaosSpace",),
    "variants.fuzz_config": ("ContextFuzzConfig", "LLMFuzzConfig", "StreamFuzzConfig", "ToolFuzzConfig"),
    "variants.api": ("fuzz", "fuzz_chaos"),
}


def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names:
            return getattr(importlib.import_module(f"{__name__}.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
