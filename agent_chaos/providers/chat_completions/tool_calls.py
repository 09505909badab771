"""Tool calls of Chat Completions, whole and as fragments of a stream, and where servers put reasoning.

`extra` of a tool call holds the rest of its object; `$untyped` says that it came without a `type`, `$legacy` that it is
a `function_call`, `$object` that its arguments were an object (some compatible servers), `$index` is the index it
claimed where that is not its place among the calls.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agent_chaos.providers.json_values import compact, fields, loaded, text_of, without
from agent_chaos.providers.turn import RawFields, ToolCall

REASONING_KEYS = ("reasoning_content", "reasoning")
"""Where compatible servers put what a model thinks; the first that holds text is read."""


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
    # Some compatible servers send the arguments as an object.
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
