"""Stop reasons and token counts of Chat Completions in neutral words, and back."""

from __future__ import annotations

from typing import Any

from agent_chaos.providers.json_values import count_of, without
from agent_chaos.providers.stop_reasons import StopReasons
from agent_chaos.providers.turn import Usage

STOPS = StopReasons(
    means={
        "stop": "end",
        "tool_calls": "tool_use",
        "function_call": "tool_use",
        "length": "length",
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
    """A `usage` object in neutral words."""
    if not isinstance(raw, dict):
        return None
    rest = without(raw, "prompt_tokens", "completion_tokens")
    return Usage(count_of(raw.get("prompt_tokens")), count_of(raw.get("completion_tokens")), rest)


def written_usage(usage: Usage) -> dict[str, Any]:
    """The `usage` object."""
    return {"prompt_tokens": usage.input_tokens, "completion_tokens": usage.output_tokens, **usage.extra}
