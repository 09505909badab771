"""Chunks that hold nothing of the reply."""

from __future__ import annotations

from typing import Any, Literal, get_args

from agent_chaos.faults.family import DIVISION, Frequency
from agent_chaos.faults.fault import Choice, StreamFault, Target
from agent_chaos.faults.parts.stream_frames import json_events, with_json_events
from agent_chaos.providers.json_values import fields, items
from agent_chaos.stream.exchange import Reply

_Shape = Literal["no_choice", "no_content", "empty_text"]

_WORDS = {
    "no_choice": "without a choice",
    "no_content": "whose choice has no content",
    "empty_text": "of empty text",
}


class EmptyChunks(StreamFault, frozen=True):
    """Chunks without a choice, without content, or of empty text: before the first one, in the middle, and at the end.

    Usage, filter results and metadata come so. Source: pydantic/pydantic-ai#164, run-llama/llama_index#7640 (first),
    awslabs/llmeter#34, BerriAI/litellm#35785 (last), langchain-ai/langchain#18977 (no delta), agentjido/req_llm#638.
    """

    family = DIVISION
    frequency = Frequency.EVERYDAY
    transparent = True

    kind: Literal["empty_chunks"] = "empty_chunks"
    shape: _Shape

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        shapes: tuple[_Shape, ...] = get_args(_Shape)
        return tuple({"shape": shape} for shape in shapes if _with_empty(target, shape))

    def apply(self, target: Target) -> Reply:
        changed = _with_empty(target, self.shape)
        return with_json_events(target, changed) if changed else target.reply

    def describe(self) -> str:
        return f"chunks {_WORDS[self.shape]} come between the others"


def _with_empty(target: Target, shape: _Shape) -> dict[int, list[Any]]:
    """By frame: the event and an empty one beside it."""
    events = json_events(target)
    added = (
        [delta.text if delta else "" for _, delta in target.protocol.delta(target.reply)] if events else []
    )
    texts = [at for at, text in enumerate(added) if text]
    if not texts:
        return {}
    first, middle, last = texts[0], texts[len(texts) // 2], texts[-1]
    empty = {at: _emptied(target, events[at], shape, added[at]) for at in (first, middle, last)}
    if any(one is None for one in empty.values()):
        return {}
    if shape == "empty_text":
        return {at: [events[at], one] for at, one in empty.items() if not _ends(target, events[at])}
    found = {at: [events[at], one] for at, one in empty.items()}
    # One stands before everything as well: Azure sends the filter's results of the prompt so, and clients
    # that read `choices[0]` of the first chunk fail (pydantic/pydantic-ai#164).
    opening = {0: [empty[first], *found.get(0, [events[0]])]}
    return found | opening


def _emptied(target: Target, event: Any, shape: _Shape, text: str) -> Any:
    """The event without what it adds; None where it cannot be without it."""
    if shape == "empty_text":
        found = _without_text(event, text)
        return found if found != event else None
    place = target.protocol.specifics.chunks
    if place is None or not isinstance(event.get(place.choices), list):
        return None
    # OpenAI names every field in each chunk and writes `[]` or null; Gemini leaves out what is empty. An
    # empty chunk keeps the habit of its API.
    if shape == "no_choice":
        return {**event, place.choices: []} if place.named_always else _without(event, place.choices)
    choice = _without(event[place.choices][0], place.content, place.stop)
    return {**event, place.choices: [{**choice, place.stop: None} if place.named_always else choice]}


def _without(value: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: inner for name, inner in value.items() if name not in names}


def _without_text(value: Any, text: str) -> Any:
    """The JSON value with an empty string wherever the text stands."""
    if isinstance(value, dict):
        return {name: _without_text(inner, text) for name, inner in value.items()}
    if isinstance(value, list):
        return [_without_text(inner, text) for inner in value]
    return "" if value == text else value


def _ends(target: Target, event: Any) -> bool:
    """Whether the event says why the model stopped, which an empty one must not say again."""
    place = target.protocol.specifics.chunks
    return place is not None and any(
        fields(choice).get(place.stop) for choice in items(event.get(place.choices))
    )
