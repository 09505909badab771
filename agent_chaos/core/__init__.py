"""A facade: the names that 0.1.3 promised under `agent_chaos.core`."""

from __future__ import annotations

import importlib
from typing import Any

_HOMES = {
    "ChaosContext": ("agent_chaos.results.context", "ChaosContext"),
    "ChaosInjector": ("agent_chaos.trial.injector", "ChaosInjector"),
    "MetricsStore": ("agent_chaos.results.metrics", "MetricsStore"),
    "Recorder": ("agent_chaos.results.event_emitter", "EventEmitter"),
    "TurnResult": ("agent_chaos.results.turn_result", "TurnResult"),
}


def __dir__() -> list[str]:
    return sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name == "__all__":
        return __dir__()
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, original = _HOMES[name]
    return getattr(importlib.import_module(module), original)
