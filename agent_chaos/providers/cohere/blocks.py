"""The parts of a message of Cohere's: a plan of its tool calls, blocks of content, and the calls.

Keys of `extra` that begin with `$` are not on the wire: `$plan` marks the plan, which is reasoning in a field of its own,
`$text` content that is a text and no list, `$function` the rest of a call's function, `$index` the index that a streamed
block claims where it is not the next, and `$unannounced` one that no event began.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from agent_chaos.providers.json_values import JsonObject, compact, fields, items, text_of, without
from agent_chaos.providers.turn import Opaque, Part, Reasoning, Text, ToolCall

PLAN = {"$plan": True}
BLOCKS: dict[str, type[Text] | type[Reasoning]] = {"text": Text, "thinking": Reasoning}
"""The kinds of content that are texts; each has its text under its own name."""


def parts_of(message: JsonObject) -> Iterator[Part]:
    """The parts of a whole message, in the order in which a stream brings them."""
    if plan := text_of(message.get("tool_plan")):
        yield Reasoning(plan, PLAN)
    content = message.get("content")
    if isinstance(content, str) and content:
        yield Text(content, {"$text": True})
    yield from map(block, items(content))
    yield from map(call, items(message.get("tool_calls")))


def block(raw: Any) -> Part:
    """A block of content."""
    known = fields(raw)
    kind = text_of(known.get("type"))
    made = BLOCKS.get(kind)
    if made is None or not isinstance(known.get(kind), str):
        return Opaque(kind, known or {"$value": raw})
    return made(known[kind], without(known, "type", kind))


def call(raw: Any) -> ToolCall:
    """A tool call, whose arguments are a text."""
    known = fields(raw)
    function = fields(known.get("function"))
    given = function.get("arguments", "")
    rest = {**without(known, "id", "function"), "$function": without(function, "name", "arguments")}
    extra = {name: one for name, one in rest.items() if one != {}}
    return ToolCall(
        text_of(known.get("id")),
        text_of(function.get("name")),
        given if isinstance(given, str) else compact(given),
        extra,
    )


def message_of(parts: Iterable[Part]) -> JsonObject:
    """What parts say in the fields of a whole message; those that nothing is said in are left out."""
    said: JsonObject = {}
    for part in parts:
        match part:
            case Reasoning() if part.extra.get("$plan"):
                said["tool_plan"] = said.get("tool_plan", "") + part.text
            case ToolCall():
                said.setdefault("tool_calls", []).append(call_of(part))
            case Text() if part.extra.get("$text") and not said.get("content"):
                said["content"] = part.text
            case _:
                # A text that stood alone is a block like others where something joins it.
                before = said.get("content", [])
                listed = [{"type": "text", "text": before}] if isinstance(before, str) else before
                said["content"] = [*listed, block_of(part)]
    return said


def block_of(part: Part) -> Any:
    """A part of the content as a block."""
    if "$value" in part.extra:
        return part.extra["$value"]
    rest = {key: value for key, value in part.extra.items() if not key.startswith("$")}
    if isinstance(part, Text | Reasoning):
        kind = text_key(part)
        return {"type": kind, kind: part.text, **rest}
    return rest


def call_of(part: ToolCall) -> JsonObject:
    """A tool call as the wire has it."""
    rest = {key: value for key, value in part.extra.items() if not key.startswith("$")}
    function = {"name": part.name, "arguments": part.arguments, **fields(part.extra.get("$function"))}
    return {"id": part.id, "type": "function", **rest, "function": function}


def text_key(part: Text | Reasoning) -> str:
    """The type of the block that a text stands in."""
    return next(kind for kind, made in BLOCKS.items() if isinstance(part, made))
