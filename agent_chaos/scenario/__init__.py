"""Scenarios, their runs and their assertions."""

from __future__ import annotations

import importlib
from typing import Any

_HOMES = {
    "assertions": (
        "AllTurnsComplete",
        "CompletesWithin",
        "ExpectError",
        "MaxFailedCalls",
        "MaxInputTokens",
        "MaxInputTokensPerCall",
        "MaxLLMCalls",
        "MaxOutputTokens",
        "MaxOutputTokensPerCall",
        "MaxTokens",
        "MaxTokensPerCall",
        "MaxTotalLLMCalls",
        "MinChaosInjected",
        "MinLLMCalls",
        "RecoveredAfterFailure",
        "TokenBurstDetection",
    ),
    "model": ("BaselineScenario", "ChaosScenario", "Scenario", "Turn", "at"),
    "run": ("run_scenario",),
    "run_report": ("RunReport",),
    "turn_assertions": (
        "MaxTokensPerTurn",
        "TurnCompletes",
        "TurnCompletesWithin",
        "TurnMaxLLMCalls",
        "TurnResponseContains",
    ),
}

_RESULTS = ("AssertionResult", "TurnResult")


def __dir__() -> list[str]:
    return sorted([*(name for names in _HOMES.values() for name in names), *_RESULTS])


def __getattr__(name: str) -> Any:
    if name == "__all__":
        return __dir__()
    for home, names in _HOMES.items():
        if name in names:
            return getattr(importlib.import_module(f"{__name__}.{home}"), name)
    if name in _RESULTS:
        return getattr(importlib.import_module("agent_chaos.core.results"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
