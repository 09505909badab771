"""Finish reasons and token counts of the Gemini API in neutral words, and back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from agent_chaos.providers.gemini.parts import TURN
from agent_chaos.providers.json_values import JsonObject, count_of
from agent_chaos.providers.parts.stop_reasons import StopReasons
from agent_chaos.providers.turn import ModelTurn, Part, StopReason, Usage

NUMBERED = (
    "FINISH_REASON_UNSPECIFIED",
    "STOP",
    "MAX_TOKENS",
    "SAFETY",
    "RECITATION",
    "OTHER",
    "BLOCKLIST",
    "PROHIBITED_CONTENT",
    "SPII",
    "MALFORMED_FUNCTION_CALL",
)
"""Finish reasons by number, for clients that ask for enums as numbers."""

STOPS = StopReasons(
    means={
        "STOP": "end",
        "MAX_TOKENS": "length",
        "CONTINUATION": "pause",
        "SAFETY": "filter",
        "RECITATION": "filter",
        "LANGUAGE": "filter",
        "BLOCKLIST": "filter",
        "PROHIBITED_CONTENT": "filter",
        "SPII": "filter",
        "MODEL_ARMOR": "filter",
        "JAILBREAK": "filter",
        "IMAGE_SAFETY": "filter",
        "IMAGE_PROHIBITED_CONTENT": "filter",
        "IMAGE_RECITATION": "filter",
    },
    words={
        "end": "STOP",
        "tool_use": "STOP",
        "length": "MAX_TOKENS",
        "filter": "SAFETY",
        "pause": "CONTINUATION",
        "other": "OTHER",
    },
)


def neutral(raw: str | None, parts: Iterable[Part]) -> StopReason | None:
    """A finish or block reason in neutral words, by name or by number."""
    return STOPS.neutral(None if raw is None else _named(raw), parts)


def word_of(turn: ModelTurn) -> str | None:
    """The provider's word for the stop, spelled as it came unless its meaning was changed."""
    raw = turn.stop_raw
    if raw is None:
        return STOPS.word(turn)
    word = STOPS.word(replace(turn, stop_raw=_named(raw)))
    # Numbers stay numbers where the meaning did not change: enums may be sent as either.
    return raw if turn.stop is None or word == _named(raw) else word


def _named(raw: str) -> str:
    """A reason by name, also where it was sent by number."""
    return NUMBERED[int(raw)] if raw.isascii() and raw.isdigit() and int(raw) < len(NUMBERED) else raw


def read_usage(counts: JsonObject) -> Usage:
    """Tokens in and out (thinking counts as out); the total is left out where it is the sum."""
    asked, answered = count_of(counts.get("promptTokenCount")), count_of(counts.get("candidatesTokenCount"))
    # Thinking is billed as output, and stands in a count of its own beside the candidates'.
    thought = count_of(counts.get("thoughtsTokenCount"))
    kept = {
        name: 0 if name in ("promptTokenCount", "candidatesTokenCount") and count_of(one) else one
        for name, one in counts.items()
    }
    if kept.get("totalTokenCount") == asked + answered + thought + count_of(
        counts.get("toolUsePromptTokenCount")
    ):
        kept["totalTokenCount"] = TURN
    return Usage(asked, answered + thought, kept)


def written_usage(usage: Usage | None) -> JsonObject | None:
    """Token counts as the wire has them."""
    if usage is None:
        return None
    thought = count_of(usage.extra.get("thoughtsTokenCount"))
    counts = {
        "promptTokenCount": usage.input_tokens,
        "candidatesTokenCount": usage.output_tokens - min(thought, max(0, usage.output_tokens)),
    }
    total = usage.input_tokens + usage.output_tokens + count_of(usage.extra.get("toolUsePromptTokenCount"))
    # A count of 0 is left out on the wire.
    known = {name: one for name, one in counts.items() if one}
    summed = {} if usage.extra.get("totalTokenCount", TURN) != TURN else {"totalTokenCount": total}
    summed = summed if "totalTokenCount" in usage.extra or not usage.extra else {}
    return {**usage.extra, **known, **summed}
