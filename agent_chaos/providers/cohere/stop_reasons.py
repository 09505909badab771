"""Stop reasons and token counts of Cohere in neutral words, and back."""

from __future__ import annotations

from math import isfinite
from typing import Any

from agent_chaos.providers.json_values import fields, without
from agent_chaos.providers.parts.stop_reasons import StopReasons
from agent_chaos.providers.turn import Usage

FAILED = "ERROR"
"""The reason with which a stream says that the generation failed."""

STOPS = StopReasons(
    means={
        "COMPLETE": "end",
        "STOP_SEQUENCE": "end",
        "TOOL_CALL": "tool_use",
        "MAX_TOKENS": "length",
        "TIMEOUT": "other",
        FAILED: "other",
    },
    words={
        "end": "COMPLETE",
        "tool_use": "TOOL_CALL",
        "length": "MAX_TOKENS",
        # The API has no word of its own for these.
        "filter": FAILED,
        "pause": "TIMEOUT",
        "other": "TIMEOUT",
    },
)


def read_usage(told: Any) -> Usage | None:
    """The counts of what was read and written; those of what is billed stay beside them."""
    if not isinstance(told, dict):
        return None
    tokens = fields(told.get("tokens"))
    # As the server writes them, which may be `12.0`.
    asked, answered = (_count(tokens.get(name)) for name in ("input_tokens", "output_tokens"))
    return Usage(asked, answered, told)


def written_usage(usage: Usage | None) -> dict[str, Any]:
    """The `usage` of a reply, as an object with that key; empty where there is none."""
    if usage is None:
        return {}
    now = {"input_tokens": usage.input_tokens, "output_tokens": usage.output_tokens}
    tokens = fields(usage.extra.get("tokens"))
    changed = {name: count for name, count in now.items() if _count(tokens.get(name)) != count}
    kept = {"tokens": {**tokens, **changed}} if tokens or changed else {}
    return {"usage": {**without(dict(usage.extra), "tokens"), **kept}}


def _count(value: Any) -> int:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return 0
    # Python's JSON reads `NaN` and `Infinity`, too.
    return int(value) if isfinite(value) else 0
