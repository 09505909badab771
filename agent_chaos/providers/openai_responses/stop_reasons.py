"""Reasons to stop and token counts of the OpenAI Responses API in neutral words, and back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from agent_chaos.providers.json_values import JsonObject, count_of, fields
from agent_chaos.providers.parts.stop_reasons import StopReasons
from agent_chaos.providers.turn import ModelTurn, Part, StopReason, Text, Usage

STATUSES = {"completed", "failed", "in_progress", "queued", "cancelled", "incomplete"}
"""The words for how a response stands; any other reason to stop is the reason of an incomplete one."""

STOPS = StopReasons(
    means={
        "completed": "end",
        "max_output_tokens": "length",
        "content_filter": "filter",
        "max_messages": "pause",
    },
    words={
        "end": "completed",
        "tool_use": "completed",
        "length": "max_output_tokens",
        "filter": "content_filter",
        "pause": "max_messages",
        "other": "steered",
    },
)


def neutral(raw: str | None, parts: Sequence[Part]) -> StopReason | None:
    """The provider's word for why it stopped, in neutral words; a completed response may hold a refusal."""
    if raw in ("in_progress", "queued"):
        return None
    stop = STOPS.neutral(raw, parts)
    return "filter" if stop == "end" and any(map(_refuses, parts)) else stop


def word_of(turn: ModelTurn) -> str | None:
    """The provider's word for the stop: its own, unless the neutral one was changed."""
    raw = turn.stop_raw
    if raw is not None and (turn.stop in (None, neutral(raw, turn.parts)) or STOPS.word(turn) == raw):
        return raw
    if turn.stop is not None:
        return STOPS.words[turn.stop]
    new = "response" not in turn.extra
    return "failed" if new and turn.error else "completed" if new else None


def read_usage(value: Any) -> Usage | None:
    """Token counts; the total is left out where it is the sum."""
    if not isinstance(value, dict):
        return None
    read_in, read_out = count_of(value.get("input_tokens")), count_of(value.get("output_tokens"))
    kept = {**value, "input_tokens": None, "output_tokens": None}
    if value.get("total_tokens") == read_in + read_out:
        kept["total_tokens"] = None
    return Usage(read_in, read_out, kept)


def written_usage(usage: Usage | None) -> JsonObject | None:
    """Token counts as the wire has them."""
    if usage is None:
        return None
    counts = {"input_tokens": usage.input_tokens, "output_tokens": usage.output_tokens}
    total = usage.input_tokens + usage.output_tokens
    known = {name: one for name, one in usage.extra.items() if name != "total_tokens" or one is not None}
    return {**known, **counts, "total_tokens": known.get("total_tokens", total)}


def _refuses(part: Part) -> bool:
    return isinstance(part, Text) and fields(part.extra.get("content")).get("type") == "refusal"
