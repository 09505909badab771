"""Stop reasons, token counts and tool calls of Chat Completions in neutral words, and back.

`extra` of a tool call holds the rest of its object; `$untyped` says that it came without a `type`, `$legacy` that it is
a `function_call`, `$object` that its arguments were an object (some compatible servers), `$index` is the index it
claimed where that is not its place among the calls.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agent_chaos.providers.json_values import compact, count_of, fields, loaded, text_of, without
from agent_chaos.providers.protocol import ModelTurn, RawFields, Stop, ToolCall, Usage

REASONING_KEYS = ("reasoning_content", "reasoning")
"""Where compatible servers put what a model thinks; the first that holds text is read."""

_NEUTRAL: Mapping[str, Stop] = {
    "stop": "end",
    "tool_calls": "tool_use",
    "function_call": "tool_use",
    "length": "length",
    "content_filter": "filter",
}
_WORDS: Mapping[Stop, str] = {
    "end": "stop",
    "tool_use": "tool_calls",
    "length": "length",
    "filter": "content_filter",
    "pause": "pause",
    "other": "error",
}


def neutral_stop(word: Any) -> Stop | None:
    """A `finish_reason` in neutral words; None where none was sent."""
    return _NEUTRAL.get(word, "other") if isinstance(word, str) else None


def stop_word(turn: ModelTurn) -> str | None:
    """The `finish_reason` of a turn: the word it came with, unless its meaning was changed."""
    if turn.stop is None or neutral_stop(turn.stop_raw) == turn.stop:
        return turn.stop_raw if turn.stop is not None else None
    return _WORDS[turn.stop]


def read_usage(raw: Any) -> Usage | None:
    """A `usage` object in neutral words."""
    if not isinstance(raw, dict):
        return None
    rest = without(raw, "prompt_tokens", "completion_tokens")
    return Usage(count_of(raw.get("prompt_tokens")), count_of(raw.get("completion_tokens")), rest)


def written_usage(usage: Usage) -> dict[str, Any]:
    """The `usage` object."""
    return {"prompt_tokens": usage.input_tokens, "completion_tokens": usage.output_tokens, **usage.extra}


def call_of(raw: dict[str, Any], place: int) -> ToolCall:
    """A tool call, or the fragment of a stream that begins one; `place` counts the calls before it."""
    kind, given = shape(raw)
    inner = fields(raw.get(kind))
    rest = without(raw, "index", "id", kind)
    nested = without(inner, "name", given)
    extra = {**rest, **({kind: nested} if nested else {}), **({} if "type" in raw else {"$untyped": True})}
    if raw.get("index", place) != place:
        extra["$index"] = raw["index"]
    arguments = inner.get(given)
    if arguments is not None and not isinstance(arguments, str):
        return _call(raw, inner, compact(arguments), extra | {"$object": True})
    return _call(raw, inner, text_of(arguments), extra)


def legacy_call_of(raw: dict[str, Any]) -> ToolCall:
    """A `function_call`, which has no id."""
    rest = without(raw, "name", "arguments")
    return ToolCall("", text_of(raw.get("name")), text_of(raw.get("arguments")), {"$legacy": True, **rest})


def call_written(call: ToolCall, arguments: str) -> dict[str, Any]:
    """The object of a call; `arguments` may be a piece of its own."""
    rest = {name: value for name, value in call.extra.items() if not name.startswith("$")}
    if call.extra.get("$legacy"):
        return {"name": call.name, "arguments": arguments, **rest}
    kind, given = shape(call.extra)
    inner: dict[str, Any] = {"name": call.name, given: _sent(arguments, call.extra), **fields(rest.get(kind))}
    typed = {} if call.extra.get("$untyped") else {"type": "function"}
    return {"id": call.id, **typed, **rest, kind: inner}


def shape(raw: Mapping[str, Any]) -> tuple[str, str]:
    """The keys of the inner object and of its arguments: custom tools have their own."""
    return ("custom", "input") if raw.get("type") == "custom" else ("function", "arguments")


def _call(raw: dict[str, Any], inner: dict[str, Any], arguments: str, extra: RawFields) -> ToolCall:
    return ToolCall(text_of(raw.get("id")), text_of(inner.get("name")), arguments, extra)


def _sent(arguments: str, extra: RawFields) -> Any:
    value = loaded(arguments) if extra.get("$object") else None
    return arguments if value is None else value
