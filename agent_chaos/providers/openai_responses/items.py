"""Output items of the OpenAI Responses API as parts of a turn, and back.

An item becomes one part per text it holds: a `message` one Text per content part, `reasoning` one Reasoning per summary
or content part, a function or custom tool call one ToolCall; everything else is Opaque. `extra["item"]` keeps the rest of
the item, by which neighbouring parts find together again; `extra["content"]` or `extra["summary"]` the rest of the part.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from agent_chaos.providers.json_values import JsonObject, compact, fields, items, text_of
from agent_chaos.providers.turn import ModelTurn, Opaque, Part, Reasoning, Text, ToolCall

ItemPlace = tuple[int, str, int]
"""Where a part's text stands: output index, field of the item, index in that field."""

TOOL_FIELD = {"function_call": "arguments", "custom_tool_call": "input"}
"""Where each kind of tool call holds its arguments."""

TEXTUAL = ("content", "summary", "arguments", "input", "name", "call_id")
"""The fields of an item that are made from its parts."""

_LISTS = {"message": ("content",), "reasoning": ("summary", "content")}
_PREFIX = {"message": "msg", "reasoning": "rs", "function_call": "fc", "custom_tool_call": "ctc"}
_NEW_ITEM: dict[str, JsonObject] = {
    "message": {"id": "", "type": "message", "status": "completed", "content": [], "role": "assistant"},
    "reasoning": {"id": "", "type": "reasoning", "summary": []},
    "function_call": {
        "id": "",
        "type": "function_call",
        "status": "completed",
        "arguments": "",
        "call_id": "",
        "name": "",
    },
}
_NEW_TEXT = {"type": "output_text", "annotations": [], "logprobs": [], "text": ""}
_NEW_SUMMARY = {"type": "summary_text", "text": ""}


@dataclass(frozen=True, slots=True)
class Item:
    """One output item to be written: the item without what its parts say, and the parts."""

    head: JsonObject
    parts: tuple[Part, ...]

    @property
    def type(self) -> str:
        return text_of(self.head.get("type"))

    @property
    def id(self) -> str:
        return text_of(self.head.get("id"))

    def whole(self) -> Any:
        """The item as a finished response holds it."""
        first = self.parts[0]
        if isinstance(first, ToolCall):
            said = {TOOL_FIELD.get(self.type, "arguments"): first.arguments}
            return {**self.head, **said, "call_id": first.id, "name": first.name}
        if self.type not in _LISTS:
            return self.head or first.extra.get("item", {})
        lists = {name: [one for at, _, _, one in self.slots() if at == name] for name in _LISTS[self.type]}
        return {**self.head, **{name: members for name, members in lists.items() if members}}

    def slots(self) -> Iterator[tuple[str, int, Part, Any]]:
        """Field, index, part and JSON of every part that stands in a list of the item."""
        for name in _LISTS.get(self.type, ()):
            members = [part for part in self.parts if _field(part) == name]
            yield from ((name, i, part, written_part(part)) for i, part in enumerate(members))


def parts_of(output: list[Any]) -> Iterator[tuple[ItemPlace, Part]]:
    """Every part of an output list, with its place."""
    for at, one in enumerate(output):
        item = fields(one)
        kind = text_of(item.get("type"))
        if kind in TOOL_FIELD:
            yield (at, TOOL_FIELD[kind], 0), _tool_call(item, TOOL_FIELD[kind])
        elif kind in _LISTS:
            yield from _members(at, item, kind)
        else:
            yield (at, "", 0), Opaque(kind, {"item": one})


def items_of(turn: ModelTurn) -> tuple[Item, ...]:
    """The turn's parts as output items, every item with an id of its own."""
    found: list[Item] = []
    for _, group in groupby(enumerate(turn.parts), key=lambda pair: _membership(*pair)):
        parts = tuple(part for _, part in group)
        head = _head(parts[0])
        # Ids hold items together when a stream is read: two items of one id, as faults make them, would
        # become one.
        taken = {item.id for item in found}
        if "id" in head and (not head["id"] or head["id"] in taken):
            head = {**head, "id": _fresh(text_of(head.get("type")), turn.id, len(found))}
        found.append(Item(head, parts))
    return tuple(found)


def begun(item: JsonObject) -> JsonObject:
    """A finished item as it is announced: without its texts, in progress."""
    empty: JsonObject = {"content": [], "summary": [], "arguments": "", "input": ""}
    own = {*_LISTS.get(text_of(item.get("type")), ()), TOOL_FIELD.get(text_of(item.get("type")), "")}
    bare = {name: empty[name] if name in own and name in empty else value for name, value in item.items()}
    return {**bare, "status": "in_progress"} if isinstance(item.get("status"), str) else bare


def written_part(part: Part) -> Any:
    """A content or summary part as JSON."""
    rest = part.extra.get(_field(part))
    if not isinstance(part, Text | Reasoning):
        return rest
    rest = fields(rest) or (_NEW_TEXT if isinstance(part, Text) else _NEW_SUMMARY)
    return {**rest, said_in(rest): part.text}


def said_in(member: JsonObject) -> str:
    """The field that holds the words of a content or summary part."""
    return "refusal" if member.get("type") == "refusal" else "text"


def _tool_call(item: JsonObject, field: str) -> ToolCall:
    said = item.get(field)
    arguments = said if isinstance(said, str) else "" if said is None else compact(said)
    # Emptied, not left out: the fields keep the server's order when the item is written again.
    head = {name: "" if name in (field, "name", "call_id") else one for name, one in item.items()}
    return ToolCall(text_of(item.get("call_id")), text_of(item.get("name")), arguments, {"item": head})


def _members(at: int, item: JsonObject, kind: str) -> Iterator[tuple[ItemPlace, Part]]:
    head = {name: [] if name in _LISTS[kind] and items(one) else one for name, one in item.items()}
    empty = True
    for name in _LISTS[kind]:
        for i, member in enumerate(items(item.get(name))):
            empty = False
            yield (at, name, i), _member(kind, name, head, member)
    if empty:
        yield (
            (at, "", 0),
            Reasoning("", {"item": head}) if kind == "reasoning" else Opaque(kind, {"item": head}),
        )


def _member(kind: str, name: str, head: JsonObject, member: Any) -> Part:
    said = said_in(fields(member))
    if not isinstance(fields(member).get(said), str):
        return Opaque(text_of(fields(member).get("type")), {"item": head, name: member})
    extra = {"item": head, name: {**member, said: ""}}
    return Reasoning(member[said], extra) if kind == "reasoning" else Text(member[said], extra)


def _field(part: Part) -> str:
    """The list of its item in which a part stands; a part with new words stands where its kind does."""
    known = next((name for name in ("content", "summary") if name in part.extra), "")
    # An empty reasoning item stands in neither list; one that was given words by a fault must stand in one.
    if known or ("item" in part.extra and not (isinstance(part, Reasoning) and part.text)):
        return known
    return {Text: "content", Reasoning: "summary"}.get(type(part), "")


def _membership(at: int, part: Part) -> tuple[str, int]:
    # A call is an item of its own, whatever id it carries; one without a shared id is kept apart by its
    # place.
    shared = text_of(fields(part.extra.get("item")).get("id")) if _field(part) else ""
    return (shared, -1) if shared and not isinstance(part, ToolCall) else ("", at)


def _head(part: Part) -> JsonObject:
    kept = part.extra.get("item")
    if kept is not None:
        return fields(kept)
    kind = {Text: "message", Reasoning: "reasoning", ToolCall: "function_call"}.get(type(part))
    return _NEW_ITEM[kind] if kind else {"type": part.kind if isinstance(part, Opaque) else ""}


def _fresh(kind: str, turn_id: str, at: int) -> str:
    # Made from what is known, not drawn: the same plan must give the same bytes.
    digest = hashlib.sha256(f"{turn_id}/{kind}/{at}".encode("utf-8", "replace")).hexdigest()
    return f"{_PREFIX.get(kind, 'item')}_{digest[:50]}"
