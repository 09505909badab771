"""Content blocks of Converse as neutral parts and back, whole and in deltas.

A block is an object with one key that says what it is. Keys of `extra` that begin with `$` are not on the wire of a whole
block: `$index` is the index that a streamed block claimed, `$start` what it was begun with, `$deltas` are deltas without a
neutral meaning.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from agent_chaos.providers.json_values import JsonObject, compact, fields, non_empty, text_of, without
from agent_chaos.providers.parts.frames import pieces
from agent_chaos.providers.parts.nearest_object import nearest_object
from agent_chaos.providers.turn import Opaque, Part, Reasoning, Text, ToolCall


def part_of(block: JsonObject) -> Part:
    """A whole block as a part."""
    if isinstance(block.get("text"), str):
        return Text(block["text"], without(block, "text"))
    if "toolUse" in block:
        call = fields(block["toolUse"])
        extra = without(block, "toolUse") | non_empty(toolUse=without(call, "toolUseId", "name", "input"))
        arguments = compact(call.get("input", {}))
        return ToolCall(text_of(call.get("toolUseId")), text_of(call.get("name")), arguments, extra)
    thought = fields(block.get("reasoningContent"))
    if isinstance(fields(thought.get("reasoningText")).get("text"), str):
        said = thought["reasoningText"]
        extra = without(block, "reasoningContent") | without(thought, "reasoningText") | without(said, "text")
        return Reasoning(said["text"], extra)
    return Opaque(next(iter(block), ""), block)


def block_of(part: Part) -> JsonObject:
    """A part as a whole block; arguments are an object on this wire, so that others are written as the nearest one."""
    rest = {key: value for key, value in part.extra.items() if not key.startswith("$")}
    match part:
        case Text():
            return {"text": part.text, **rest}
        case Reasoning():
            return {"reasoningContent": {"reasoningText": {"text": part.text, **rest}}}
        case ToolCall():
            named = {"toolUseId": part.id, "name": part.name, "input": nearest_object(part.arguments)}
            return {"toolUse": {**named, **fields(rest.pop("toolUse", None))}, **rest}
        case Opaque():
            return rest


@dataclass(slots=True)
class OpenBlock:
    """A block while its stream is being read; `start` is what it was begun with, None where its first delta began it."""

    index: Any
    start: JsonObject | None
    texts: list[str] = field(default_factory=list)
    signature: str | None = None
    others: list[JsonObject] = field(default_factory=list)
    thinks: bool = False
    closed: bool = False

    @property
    def calls(self) -> bool:
        return "toolUse" in (self.start or {})

    def add(self, delta: JsonObject) -> str | None:
        """Take in a delta; returns the text it adds, or None."""
        thought, call = fields(delta.get("reasoningContent")), fields(delta.get("toolUse"))
        # A signature comes in a delta of its own, behind the thought's text.
        if isinstance(thought.get("signature"), str):
            self.signature = (self.signature or "") + thought["signature"]
            self.thinks = True
            return None
        self.thinks = self.thinks or isinstance(thought.get("text"), str)
        text = call.get("input") if self.calls else thought.get("text") if self.thinks else delta.get("text")
        if isinstance(text, str):
            self.texts.append(text)
            return text
        self.others.append(delta)
        return None

    def part(self, position: int) -> Part:
        """The block as a part, as far as it was read."""
        text, lengths = "".join(self.texts), tuple(map(len, self.texts))
        extra: JsonObject = {"$index": self.index} if self.index != position else {}
        extra |= {"$deltas": self.others} if self.others else {}
        if self.calls:
            call = fields((self.start or {})["toolUse"])
            extra |= non_empty(toolUse=without(call, "toolUseId", "name"))
            # A call without arguments has no delta.
            whole = "{}" if self.closed and not self.texts else text
            return ToolCall(text_of(call.get("toolUseId")), text_of(call.get("name")), whole, extra, lengths)
        extra |= {} if self.start is None else {"$start": self.start}
        if self.thinks:
            signed = {} if self.signature is None else {"signature": self.signature}
            return Reasoning(text, {**extra, **signed}, lengths)
        if self.texts or (self.start is None and not self.others):
            return Text(text, extra, lengths)
        return Opaque(next(iter(self.others[0] if self.others else self.start or {}), ""), extra)


def block_start(part: Part) -> JsonObject | None:
    """What begins the stream of a part; None where its first delta does."""
    if isinstance(part, ToolCall):
        return {"toolUse": {"toolUseId": part.id, "name": part.name, **fields(part.extra.get("toolUse"))}}
    found = part.extra.get("$start")
    return found if isinstance(found, dict) else None


def deltas_of(part: Part) -> list[JsonObject]:
    """The deltas of a part, cut where they were cut when it was read."""
    others = list(part.extra.get("$deltas", []))
    match part:
        case Text():
            return [{"text": one} for one in pieces(part.text, part.pieces)] + others
        case Reasoning():
            texts = pieces(part.text, part.pieces) if part.text or part.pieces else ()
            told = [{"reasoningContent": {"text": one}} for one in texts]
            signed = text_of(part.extra.get("signature"))
            return told + ([{"reasoningContent": {"signature": signed}}] if signed else []) + others
        case ToolCall():
            begun = part.arguments == "{}" and not part.pieces
            texts = () if begun or not part.arguments else pieces(part.arguments, part.pieces)
            return [{"toolUse": {"input": one}} for one in texts] + others
        case Opaque():
            return others or [without(dict(part.extra), "$index", "$start")]
