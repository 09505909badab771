"""A value stands in its place, in another JSON type."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal, get_args

from agent_chaos.faults.family import BODY, Frequency
from agent_chaos.faults.fault import Choice, MessageFault, Target
from agent_chaos.faults.parts.stream_frames import json_events, with_json_events
from agent_chaos.providers.json_values import loaded
from agent_chaos.providers.parts.frames import with_json
from agent_chaos.providers.turn import ToolCall
from agent_chaos.stream.exchange import Reply

_Field = Literal["arguments", "content", "usage"]

_WORDS = {
    "arguments": "the arguments of the tool calls are an object, not JSON in a text",
    "content": "the model's text is a list of parts",
    "usage": "the counts of tokens are texts",
}
_COUNTED = ("usage", "usageMetadata")
_SPOKEN = ("message", "delta")


class RetypedField(MessageFault, frozen=True):
    """Arguments as an object where others send JSON in a text, content as a list of parts, or numbers as texts.

    Source: crewAIInc/crewAI#7539, huggingface/text-generation-inference#2461 (arguments), NousResearch/hermes-agent#66809,
    etalab-ia/OpenGateLLM#841 (content), Arize-ai/openinference#1183 (counts).
    """

    family = BODY
    frequency = Frequency.SOMETIMES
    changes = ("text", "calls", "other_parts", "usage")

    kind: Literal["retyped_field"] = "retyped_field"
    field: _Field

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        if not target.reply.ok or not target.protocol.parse(target.reply).parts:
            return ()
        names: tuple[_Field, ...] = get_args(_Field)
        return tuple({"field": name} for name in names if _retyped(target, name) is not None)

    def apply(self, target: Target) -> Reply:
        found = _retyped(target, self.field) if {"field": self.field} in self.openings(target) else None
        return target.reply if found is None else found

    def describe(self) -> str:
        return _WORDS[self.field]


def _retyped(target: Target, field: _Field) -> Reply | None:
    """The reply with the values of that field in another type; None where it has none that are of the usual one."""
    if not target.streamed:
        changed = _in_value(target.reply.json, "", field)
        return with_json(target.reply, changed) if changed != target.reply.json else None
    there = replace(target, reply=_calls_whole(target)) if field == "arguments" else target
    events = json_events(there)
    changes = {
        at: [told] for at, event in enumerate(events) if (told := _in_value(event, "", field)) != event
    }
    return with_json_events(there, changes) if changes else None


def _calls_whole(target: Target) -> Reply:
    """The stream with each tool call in one delta, since an object cannot come in pieces."""
    turn = target.protocol.parse(target.reply)
    parts = (
        replace(part, pieces=(len(part.arguments),)) if isinstance(part, ToolCall) else part
        for part in turn.parts
    )
    return target.protocol.render(replace(turn, parts=tuple(parts)), target.reply)


def _in_value(value: Any, under: str, field: _Field) -> Any:
    """A JSON value with the field in another type wherever it stands; `under` is the key of the value itself."""
    if isinstance(value, list):
        return [_in_value(one, under, field) for one in value]
    if not isinstance(value, dict):
        return value
    return {name: _retyped_value(inner, name, under, field) for name, inner in value.items()}


def _retyped_value(value: Any, name: str, under: str, field: _Field) -> Any:
    # JSON in a text with OpenAI Chat and its imitators; what is an object already (Ollama) stays, and the
    # fault has no opening there.
    if field == "arguments" and (under, name) == ("function", "arguments"):
        read = loaded(value) if isinstance(value, str) else None
        return read if isinstance(read, dict) else value
    if field == "content" and under in _SPOKEN and name == "content" and isinstance(value, str) and value:
        return [{"type": "text", "text": value}]
    if field == "usage" and under in _COUNTED and isinstance(value, int):
        return str(value)
    return _in_value(value, name, field)
