"""Stop reasons and token counts of Chat Completions in neutral words, and back."""

from __future__ import annotations

from typing import Any

from agent_chaos.providers.json_values import count_of, without
from agent_chaos.providers.parts.stop_reasons import StopReasons
from agent_chaos.providers.turn import Usage

_SUM = "$sum"
"""Stands for a total that is the sum of the counts."""

STOPS = StopReasons(
    means={
        "stop": "end",
        "tool_calls": "tool_use",
        "function_call": "tool_use",
        "length": "length",
        "model_length": "length",  # Mistral's word for the end of the context
        "content_filter": "filter",
    },
    words={
        "end": "stop",
        "tool_use": "tool_calls",
        "length": "length",
        "filter": "content_filter",
        "pause": "pause",
        "other": "error",
    },
)


def read_usage(raw: Any) -> Usage | None:
    """A `usage` object in neutral words; the total is left out where it is the sum."""
    if not isinstance(raw, dict):
        return None
    asked, answered = count_of(raw.get("prompt_tokens")), count_of(raw.get("completion_tokens"))
    rest = without(raw, "prompt_tokens", "completion_tokens")
    if rest.get("total_tokens") == asked + answered:
        rest["total_tokens"] = _SUM
    return Usage(asked, answered, rest)


def written_usage(usage: Usage) -> dict[str, Any]:
    """The `usage` object."""
    rest = usage.extra or {"total_tokens": _SUM}
    counts = {"prompt_tokens": usage.input_tokens, "completion_tokens": usage.output_tokens, **rest}
    summed = {"total_tokens": usage.input_tokens + usage.output_tokens}
    return counts | (summed if counts.get("total_tokens") == _SUM else {})
