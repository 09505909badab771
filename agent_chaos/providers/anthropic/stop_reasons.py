"""Stop reasons and token counts of the Messages API in neutral words, and back."""

from __future__ import annotations

from typing import Any

from agent_chaos.providers.json_values import count_of, fields, without
from agent_chaos.providers.parts.stop_reasons import StopReasons
from agent_chaos.providers.turn import Usage

STOPS = StopReasons(
    means={
        "end_turn": "end",
        "stop_sequence": "end",
        "tool_use": "tool_use",
        "max_tokens": "length",
        "model_context_window_exceeded": "length",
        "refusal": "filter",
        "pause_turn": "pause",
    },
    words={
        "end": "end_turn",
        "tool_use": "tool_use",
        "length": "max_tokens",
        "filter": "refusal",
        "pause": "pause_turn",
        "other": "compaction",
    },
)


def read_usage(start: Any, change: Any = None) -> Usage | None:
    """Usage of a whole message (`start` alone) or of a stream, where `message_delta` brings running totals.

    For a stream, `$start` and `$delta` in `extra` are the two objects as sent.
    """
    if not isinstance(start, dict) and not isinstance(change, dict):
        return None
    total = _total(fields(start), fields(change))
    rest = without(total, "input_tokens", "output_tokens")
    return Usage(count_of(total.get("input_tokens")), count_of(total.get("output_tokens")), rest)


def stream_usage(start: Any, change: Any) -> Usage | None:
    """As `read_usage`, keeping both objects so that `written_usage` can write them again."""
    read = read_usage(start, change)
    if read is None:
        return None
    sent = {"$start": start} if isinstance(start, dict) else {}
    sent |= {"$delta": change} if isinstance(change, dict) else {}
    return Usage(read.input_tokens, read.output_tokens, {**read.extra, **sent})


def whole_usage(usage: Usage) -> dict[str, Any]:
    """The `usage` of a whole message."""
    finer = {key: value for key, value in usage.extra.items() if not key.startswith("$")}
    return {"input_tokens": usage.input_tokens, "output_tokens": usage.output_tokens, **finer}


def written_usage(usage: Usage | None) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """The `usage` of `message_start` and of `message_delta`; None where there is none.

    A count that was changed since it was read changes wherever it stood as the total.
    """
    if usage is None:
        return None, None
    now = whole_usage(usage)
    if "$start" not in usage.extra and "$delta" not in usage.extra:
        # The API counts a first token in `message_start`, and tells the total in `message_delta`.
        return {**now, "output_tokens": 1}, {"output_tokens": usage.output_tokens}
    start, change = fields(usage.extra.get("$start")), fields(usage.extra.get("$delta"))
    before = _total(start, change)
    changed = {key: value for key, value in now.items() if _differs(key, value, before)}
    gone = before.keys() - now.keys()
    first = {
        **start,
        **{key: changed[key] for key in start.keys() & changed if _is_total(key, start, change)},
    }
    last = {**change, **{key: changed[key] for key in changed if key in change or key not in start}}
    return (
        without(first, *gone) if "$start" in usage.extra else None,
        without(last, *gone) if "$delta" in usage.extra else None,
    )


def _total(start: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    # `message_delta` may name a field of `message_start` as null, which says nothing about it.
    return {**start, **{key: value for key, value in change.items() if value is not None or key not in start}}


def _differs(key: str, value: Any, before: dict[str, Any]) -> bool:
    if key in ("input_tokens", "output_tokens"):
        return bool(value != count_of(before.get(key)))
    return key not in before or bool(value != before[key])


def _is_total(key: str, start: dict[str, Any], change: dict[str, Any]) -> bool:
    return change.get(key) is None or change[key] == start[key]
