"""Stop reasons and token counts of Converse in neutral words, and back."""

from __future__ import annotations

from typing import Any

from agent_chaos.providers.json_values import count_of, without
from agent_chaos.providers.parts.stop_reasons import StopReasons
from agent_chaos.providers.turn import Usage

STOPS = StopReasons(
    means={
        "end_turn": "end",
        "stop_sequence": "end",
        "tool_use": "tool_use",
        "max_tokens": "length",
        "model_context_window_exceeded": "length",
        "guardrail_intervened": "filter",
        "content_filtered": "filter",
    },
    words={
        "end": "end_turn",
        "tool_use": "tool_use",
        "length": "max_tokens",
        "filter": "content_filtered",
        "pause": "end_turn",
        "other": "malformed_model_output",
    },
)


def read_usage(counted: Any) -> Usage | None:
    """The counts of a reply; None where it has none."""
    if not isinstance(counted, dict):
        return None
    asked, answered = (count_of(counted.get(name)) for name in ("inputTokens", "outputTokens"))
    return Usage(asked, answered, without(counted, "inputTokens", "outputTokens"))


def written_usage(usage: Usage) -> dict[str, Any]:
    """The counts as the wire has them."""
    counts = {"inputTokens": usage.input_tokens, "outputTokens": usage.output_tokens}
    return {**counts, "totalTokens": usage.input_tokens + usage.output_tokens, **usage.extra}
