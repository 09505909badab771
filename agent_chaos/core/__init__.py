"""One run: clock, context, trace, metrics, injector, recorder. Imports what is above it; never `patch`, never a live client."""

from __future__ import annotations

import importlib
from typing import Any

_HOMES = {
    "ChaosContext": "context",
    "ChaosInjector": "injector",
    "MetricsStore": "metrics",
    "Recorder": "recorder",
    "TurnResult": "results",
}


def __dir__() -> list[str]:
    return sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name == "__all__":
        return __dir__()
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
