"""What the deltas of a Chat Completions stream add to the parts of a turn."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from agent_chaos.providers.chat_completions.tool_calls import REASONING_KEYS, call_of, legacy_call_of, shape
from agent_chaos.providers.json_values import fields, items, text_of, without
from agent_chaos.providers.turn import Opaque, Part, Reasoning, Text, ToolCall


@dataclass(slots=True)
class OpenPart:
    """A part while its stream is being read."""

    begun: Part
    index: Any = None
    texts: list[str] = field(default_factory=list)
    entries: list[dict[str, Any]] = field(default_factory=list)

    def part(self) -> Part:
        """The part, as far as it was read."""
        text, lengths = "".join(self.texts), tuple(len(one) for one in self.texts)
        extra = {**self.begun.extra, **({"$chunks": self.entries} if any(self.entries) else {})}
        match self.begun:
            case Text() | Reasoning():
                return type(self.begun)(text, extra, lengths)
            case ToolCall():
                return ToolCall(self.begun.id, self.begun.name, text, extra, lengths)
            case Opaque():
                return Opaque(self.begun.kind, {**extra, "refusal": text, "$pieces": list(lengths)})


@dataclass(frozen=True, slots=True)
class Addition:
    """What a chunk adds to one part: the part it begins (or would begin), its text, the rest of its fragment."""

    begins: Part
    text: str
    rest: dict[str, Any] = field(default_factory=dict)
    index: Any = None


def additions(delta: dict[str, Any]) -> list[Addition]:
    """What a delta adds to parts; empty text adds nothing, except within a tool call."""
    found: list[Addition] = []
    if key := next((name for name in REASONING_KEYS if text_of(delta.get(name))), ""):
        found.append(Addition(Reasoning("", {} if key == REASONING_KEYS[0] else {"$key": key}), delta[key]))
    # OpenAI's first delta has `content: ""` beside the role; it begins no part, since a call may follow.
    if text_of(delta.get("content")):
        found.append(Addition(Text(""), delta["content"]))
    if text_of(delta.get("refusal")):
        found.append(Addition(Opaque("refusal"), delta["refusal"]))
    if fields(delta.get("function_call")):
        # `function_call` is deprecated since tools came, and some compatible servers still stream it.
        call = legacy_call_of(delta["function_call"])
        found.append(Addition(call, call.arguments, without(delta["function_call"], "arguments"), "legacy"))
    return found + [_fragment(one) for one in map(fields, items(delta.get("tool_calls")))]


def rest_of(delta: dict[str, Any], added: Iterable[Addition]) -> dict[str, Any]:
    """The delta without what it adds to parts."""
    taken: set[str] = set()
    for one in added:
        match one.begins:
            case Reasoning():
                taken.add(one.begins.extra.get("$key", REASONING_KEYS[0]))
            case Text():
                taken.add("content")
            case Opaque():
                taken.add("refusal")
            case ToolCall():
                taken.add("function_call" if one.index == "legacy" else "tool_calls")
    return without(delta, *taken)


def _fragment(raw: dict[str, Any]) -> Addition:
    call = call_of(raw, -1)
    kind, given = shape(raw)
    inner = without(fields(raw.get(kind)), given)
    rest = without(raw, "index", kind) | ({kind: inner} if inner else {})
    return Addition(call, call.arguments, rest, raw.get("index"))
