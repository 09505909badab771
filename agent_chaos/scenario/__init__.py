"""Scenarios, their runs and their assertions."""

from __future__ import annotations

import importlib
from typing import Any

# By module, and imported when a name is asked for: models of pydantic take a while to build.
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
    "turn_assertions": (
        "MaxTokensPerTurn",
        "TurnCompletes",
        "TurnCompletesWithin",
        "TurnMaxLLMCalls",
        "TurnResponseContains",
    ),
}

# Promised under this name by 0.1.3; they stand in rooms above, so that nothing here may import them earlier
# than asked.
_ELSEWHERE = {
    "AssertionResult": "agent_chaos.results.turn_result",
    "RunReport": "agent_chaos.results.run_report",
    "TurnResult": "agent_chaos.results.turn_result",
    "run_scenario": "agent_chaos.run.run",
}


def __dir__() -> list[str]:
    return sorted([*(name for names in _HOMES.values() for name in names), *_ELSEWHERE])


def __getattr__(name: str) -> Any:
    if name == "__all__":
        return __dir__()
    for home, names in _HOMES.items():
        if name in names:
            return getattr(importlib.import_module(f"{__name__}.{home}"), name)
    if name in _ELSEWHERE:
        return getattr(importlib.import_module(_ELSEWHERE[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
