"""JSON of the right form, with `null` where one value stands."""

from __future__ import annotations

from typing import Any, Literal, get_args

from agent_chaos.faults.family import BODY, Frequency
from agent_chaos.faults.fault import Choice, MessageFault, Target
from agent_chaos.faults.parts.stream_frames import raw_frames, with_frames
from agent_chaos.providers.json_values import loaded
from agent_chaos.providers.parts.frames import with_json
from agent_chaos.providers.parts.json_edit import rewritten
from agent_chaos.stream.exchange import Reply

_Field = Literal["stop", "usage", "tool_id", "tool_name", "arguments", "message", "text"]

_WORDS = {
    "stop": "the reason to stop is null",
    "usage": "the count of tokens is null",
    "tool_id": "the ids of the tool calls are null",
    "tool_name": "the names of the tools to call are null",
    "arguments": "the arguments of the tool calls are null",
    "message": "the model's message is null",
    "text": "the model's text is null",
}
_WHOLE_ONLY = ("arguments", "message", "text")
"""What a stream says in pieces, so that no single value stands for it."""


class NullField(MessageFault, frozen=True):
    """A whole reply in which the stop reason, the usage, or what a call or a message holds is `null`.

    Source: camel-ai/camel#3027, crewAIInc/crewAI#2885, huggingface/smolagents#404 and compatible servers that fill in
    every field.
    """

    family = BODY
    frequency = Frequency.RARE
    changes = ("text", "calls", "other_parts", "stop", "usage", "end")

    kind: Literal["null_field"] = "null_field"
    field: _Field

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        if not target.reply.ok or not target.protocol.parse(target.reply).parts:
            return ()
        return tuple({"field": name} for name in get_args(_Field) if _nulled(target, name) is not None)

    def apply(self, target: Target) -> Reply:
        found = _nulled(target, self.field) if {"field": self.field} in self.openings(target) else None
        return target.reply if found is None else found

    def describe(self) -> str:
        return _WORDS[self.field]


def _nulled(target: Target, field: str) -> Reply | None:
    """The reply with `null` there; None where it has nothing there, or says it in pieces."""
    place = target.protocol.specifics.null_places.get(field)
    if place is None or (target.streamed and field in _WHOLE_ONLY):
        return None
    if target.streamed:
        return _nulled_in_stream(target, *place, last=field == "stop")
    body = target.reply.json
    # Wrapped, so that the fields at the top of a whole body stand under `response` as they do in the events
    # of OpenAI Responses, and one `null_places` serves both.
    changed = _without_value({"response": body}, "", *place)["response"]
    return with_json(target.reply, changed) if changed != body else None


def _nulled_in_stream(target: Target, within: str, key: str, *, last: bool) -> Reply | None:
    """The stream with `null` in every event that holds the value, or in the last of them alone."""
    assert target.framing is not None
    raws = raw_frames(target)
    # Backwards, since of all the chunks that have the field only the last one holds the reason to stop.
    for at, one in reversed(list(enumerate(target.frames))):
        said = loaded(one.data)
        changed = _without_value(said, "", within, key)
        if changed != said:
            raws[at] = target.framing.with_data(one, rewritten(one.data, changed))
            if last:
                break
    return with_frames(target, raws) if b"".join(raws) != target.reply.body else None


def _without_value(value: Any, under: str, within: str, key: str) -> Any:
    """The JSON value with `null` for every `key` of the objects that are of the type `within`, or stand under it."""
    if isinstance(value, list):
        return [_without_value(one, under, within, key) for one in value]
    if not isinstance(value, dict):
        return value
    meant = within in ("", under, value.get("type"))
    return {
        name: None if meant and name == key else _without_value(inner, name, within, key)
        for name, inner in value.items()
    }
