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


def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names:
            return getattr(importlib.import_module(f"{__name__}.{home}"), name)
    if name in ("AssertionResult", "TurnResult"):
        return getattr(importlib.import_module("agent_chaos.core.results"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
