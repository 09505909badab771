"""Content parts of the Gemini API as neutral parts, and back; the objects that its function calls carry.

`extra["part"]` is the rest of the wire's part (signatures, metadata), `extra["chunk"]` the chunk of a stream in which it
began.
"""

from __future__ import annotations

from typing import Any

from agent_chaos.providers.json_values import JsonObject, compact, fields, text_of
from agent_chaos.providers.parts.nearest_object import nearest_object
from agent_chaos.providers.turn import Opaque, Part, Reasoning, Text, ToolCall

TURN = "$turn"
"""Stands in a kept chunk for what the turn says."""

_BESIDE = ("thought", "thoughtSignature", "partMetadata", "videoMetadata")


def part_of(wire: Any) -> Part:
    """One part of a content."""
    part = fields(wire)
    call = part.get("functionCall")
    if isinstance(call, dict) and isinstance(call.get("name"), str):
        return _tool_call(part, call)
    if isinstance(part.get("text"), str):
        kind = Reasoning if part.get("thought") is True else Text
        return kind(part["text"], {"part": {**part, "text": ""}})
    return Opaque(next((name for name in part if name not in _BESIDE), ""), {"part": wire})


def wire_of(part: Part, text: str | None = None) -> Any:
    """A part as the wire has it; `text` in place of all of its own, for one piece of it."""
    kept = part.extra.get("part")
    if isinstance(part, Opaque):
        return kept if "part" in part.extra else {part.kind: dict(part.extra)}
    if isinstance(part, ToolCall):
        call = _written(part, fields(fields(kept).get("functionCall")))
        return {**fields(kept), "functionCall": call}
    new = {"text": "", "thought": True} if isinstance(part, Reasoning) else {"text": ""}
    return {**(fields(kept) or new), "text": part.text if text is None else text}


def is_plain_text(wire: Any) -> bool:
    """Whether a part holds nothing but text, so that the next chunk may go on with it."""
    return isinstance(wire, dict) and wire.keys() <= {"text", "thought"} and isinstance(wire.get("text"), str)


def arguments_of(call: JsonObject) -> str:
    """The arguments of a function call as text; a call without any has an empty object."""
    # Left out where empty: JSON of protobuf leaves out what has its default value.
    given = call.get("args")
    if given is None:
        return "{}"
    return given if isinstance(given, str) else compact(given)


def _tool_call(part: JsonObject, call: JsonObject) -> ToolCall:
    blank = {name: "" for name in ("id", "name") if isinstance(call.get(name), str)}
    rest = {**call, **blank, **({"args": {}} if isinstance(call.get("args"), dict) else {})}
    return ToolCall(
        text_of(call.get("id")), call["name"], arguments_of(call), {"part": {**part, "functionCall": rest}}
    )


def _written(part: ToolCall, kept: JsonObject) -> JsonObject:
    call = {**kept, "name": part.name, **({"id": part.id} if part.id else {})}
    if part.arguments == arguments_of(kept):
        return call
    if not part.arguments:
        return {name: one for name, one in call.items() if name != "args"}
    # The wire has an object here, never text, so that arguments which are no JSON can only be told as the
    # nearest object.
    return {**call, "args": nearest_object(part.arguments)}
