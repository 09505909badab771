"""A facade: the names that 0.1.3 promised under `agent_chaos.core`."""

from __future__ import annotations

import importlib
from typing import Any

_HOMES = {
    "ChaosContext": "agent_chaos.results.context",
    "ChaosInjector": "agent_chaos.trial.injector",
    "MetricsStore": "agent_chaos.results.metrics",
    "Recorder": "agent_chaos.results.event_emitter",
    "TurnResult": "agent_chaos.results.turn_result",
}


def __dir__() -> list[str]:
    return sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name == "__all__":
        return __dir__()
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
