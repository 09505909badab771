"""Content blocks of the Messages API as neutral parts and back, whole and in deltas.

Keys of `extra` that begin with `$` are not on the wire of a whole block: `$input` is the input a streamed block began
with, `$index` the index it claimed, `$deltas` are deltas without a neutral meaning, as [characters before it, delta].
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

from pydantic_core import from_json

from agent_chaos.providers.json_values import compact, fields, items, loaded, text_of, without
from agent_chaos.providers.parts.frames import pieces
from agent_chaos.providers.turn import Opaque, Part, Reasoning, Text, ToolCall

TEXT_KEYS = {"text_delta": "text", "thinking_delta": "thinking", "input_json_delta": "partial_json"}
"""The key that holds the text of a delta, by the type of the delta."""

_DELTA_OF_BLOCK = {"text": "text_delta", "thinking": "thinking_delta", "tool_use": "input_json_delta"}
_AT_END = -1


def part_of(block: Any) -> Part:
    """A whole block as a part."""
    known = fields(block)
    kind = text_of(known.get("type"))
    if kind == "text" and isinstance(known.get("text"), str):
        return Text(known["text"], without(known, "type", "text"))
    if kind == "thinking" and isinstance(known.get("thinking"), str):
        return Reasoning(known["thinking"], without(known, "type", "thinking"))
    if kind == "tool_use":
        extra = without(known, "type", "id", "name", "input")
        arguments = arguments_of(known.get("input", {}))
        return ToolCall(text_of(known.get("id")), text_of(known.get("name")), arguments, extra)
    return Opaque(kind, known or {"$value": block})


def block_of(part: Part) -> Any:
    """A part as a whole block."""
    rest = {key: value for key, value in part.extra.items() if not key.startswith("$")}
    match part:
        case Text():
            return {"type": "text", "text": part.text, **rest}
        case Reasoning():
            return {"type": "thinking", "thinking": part.text, **rest}
        case ToolCall():
            given = input_of(part.arguments)
            return {"type": "tool_use", "id": part.id, "name": part.name, "input": given, **rest}
        case Opaque():
            return part.extra["$value"] if "$value" in part.extra else {**rest, **_folded(part.extra)}


def arguments_of(given: Any) -> str:
    """The `input` of a whole block as argument text: compact JSON.

    A string that is not JSON itself is taken for arguments that were cut, see `input_of`.
    """
    # `loaded` gives None for `null` as well as for what is no JSON.
    if isinstance(given, str) and given and loaded(given) is None and given != "null":
        return given
    return compact(given)


def input_of(arguments: str) -> Any:
    """Argument text as the `input` of a whole block, which is JSON: of unfinished text what is whole in it.

    Text that is no beginning of JSON either stays a string.
    """
    value = loaded(arguments or "{}")
    if value is not None or arguments.strip() == "null":
        return value
    try:
        # As the SDK reads the arguments of a call that is still arriving (jiter's `from_json` with
        # `partial_mode`): an agent that looks at a cut call sees this object.
        return from_json(arguments, allow_partial=True)
    except ValueError:
        return arguments


def _folded(extra: Mapping[str, Any]) -> dict[str, Any]:
    """What the deltas of a block without a neutral meaning add to it once it is whole."""
    deltas = [fields(delta) for _, delta in extra.get("$deltas", [])]
    given = "".join(text_of(delta.get("partial_json")) for delta in deltas)
    return {"input": input_of(given)} if given else {}


@dataclass(slots=True)
class OpenBlock:
    """A block while its stream is being read."""

    start: dict[str, Any]
    index: Any
    texts: list[str] = field(default_factory=list)
    chars: int = 0
    others: list[tuple[int, Any]] = field(default_factory=list)
    folded: dict[str, Any] = field(default_factory=dict)
    closed: bool = False

    def add(self, delta: dict[str, Any]) -> str | None:
        """Take in a delta; returns the text it adds, or None."""
        kind = text_of(delta.get("type"))
        text = delta.get(TEXT_KEYS.get(kind, ""))
        # A delta of another kind than its block is kept as it came: the SDK ignores it, other clients fail
        # on it.
        if isinstance(text, str) and _DELTA_OF_BLOCK.get(text_of(self.start.get("type"))) == kind:
            self.texts.append(text)
            self.chars += len(text)
            return text
        if kind == "signature_delta" and self.start.get("type") == "thinking":
            self.folded["signature"] = delta.get("signature")
        elif kind == "citations_delta" and self.start.get("type") == "text":
            cited = self.folded.setdefault("citations", items(self.start.get("citations"))[:])
            cited.append(delta.get("citation"))
        else:
            self.others.append((self.chars, delta))
        return text if isinstance(text, str) else None

    def part(self, position: int, *, closed: bool) -> Part:
        """The block as a part, as far as it was read."""
        begun = part_of(self.start)
        text = "".join(self.texts)
        extra = {**begun.extra, **self.folded, **self._private(position, text)}
        lengths = tuple(len(one) for one in self.texts)
        match begun:
            case Text() | Reasoning():
                # A block may begin with text; the API's own begin empty, those of compatible servers need
                # not.
                lengths = (len(begun.text), *lengths) if begun.text else lengths
                return type(begun)(begun.text + text, extra, lengths)
            case ToolCall():
                first = self.start.get("input", {})
                extra |= {"$input": first} if first != {} else {}
                # A call without arguments has no delta, and `{}` from its start; one that is open still may
                # get some.
                whole = arguments_of(first) if closed and not text else text
                return ToolCall(begun.id, begun.name, whole, extra, lengths)
            case Opaque():
                return Opaque(begun.kind, extra)

    def _private(self, position: int, text: str) -> dict[str, Any]:
        found: dict[str, Any] = {"$index": self.index} if self.index != position else {}
        if self.others:
            found["$deltas"] = [[_AT_END if at == len(text) else at, delta] for at, delta in self.others]
        return found


def block_start(part: Part) -> Any:
    """The block that begins the stream of a part."""
    block = block_of(part)
    match part:
        case Text():
            cited = part.extra.get("citations")
            return {**block, "text": ""} | ({"citations": []} if isinstance(cited, list) else {})
        case Reasoning():
            signed = isinstance(part.extra.get("signature"), str)
            return {**block, "thinking": ""} | ({"signature": ""} if signed else {})
        case ToolCall():
            return {**block, "input": part.extra.get("$input", {})}
        case Opaque():
            return {key: value for key, value in part.extra.items() if not key.startswith("$")}


def deltas_of(part: Part) -> list[dict[str, Any]]:
    """The deltas of a part, cut where they were cut when it was read."""
    kind, text, lengths = _text_to_stream(part)
    cut = pieces(text, lengths) if text or lengths else ()
    texts = [{"type": kind, TEXT_KEYS[kind]: piece} for piece in cut] if kind else []
    ends = list(accumulate(map(len, cut)))
    mixed = _mixed(texts, ends, part.extra.get("$deltas", []))
    if isinstance(part, Text):
        mixed += [{"type": "citations_delta", "citation": one} for one in items(part.extra.get("citations"))]
    if isinstance(part, Reasoning) and text_of(part.extra.get("signature")):
        mixed.append({"type": "signature_delta", "signature": part.extra["signature"]})
    return mixed


def _text_to_stream(part: Part) -> tuple[str, str, tuple[int, ...]]:
    """Delta type, text and lengths; the arguments a block began with are not streamed again."""
    match part:
        case Text():
            return "text_delta", part.text, part.pieces
        case Reasoning():
            return "thinking_delta", part.text, part.pieces
        case ToolCall():
            begun = not any(part.pieces) and part.arguments == arguments_of(part.extra.get("$input", {}))
            # Every streamed call has at least one delta, an empty one: clients make their buffer of
            # arguments as they meet it.
            return "input_json_delta", "" if begun else part.arguments, part.pieces or (0,)
        case Opaque():
            return "", "", ()


def _mixed(texts: list[dict[str, Any]], ends: list[int], others: Sequence[Any]) -> list[dict[str, Any]]:
    """Text deltas with the other deltas in their places."""
    placed = [(end, 0, i, delta) for i, (end, delta) in enumerate(zip(ends, texts, strict=True))]
    last = ends[-1] if ends else 0
    placed += [(last if at == _AT_END else at, 1, i, delta) for i, (at, delta) in enumerate(others)]
    return [delta for *_, delta in sorted(placed, key=lambda one: one[:3])]
