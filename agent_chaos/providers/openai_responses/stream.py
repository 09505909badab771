"""Listens to an event stream of the OpenAI Responses API, event by event."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from agent_chaos.providers.json_values import JsonObject, count_of, fields, loaded, text_of, without
from agent_chaos.providers.openai_responses.items import TOOL_FIELD, ItemPlace, said_in
from agent_chaos.stream.exchange import Reply
from agent_chaos.stream.framing.sse import SSE

ENDINGS = {"response.completed", "response.incomplete", "response.failed", "response.cancelled"}
"""The events that end a stream."""

_DELTAS = {
    "response.output_text.delta": ("content", "content_index"),
    "response.refusal.delta": ("content", "content_index"),
    "response.reasoning_text.delta": ("content", "content_index"),
    "response.reasoning_summary_text.delta": ("summary", "summary_index"),
    "response.function_call_arguments.delta": ("arguments", ""),
    "response.custom_tool_call_input.delta": ("input", ""),
}
_SLOTS = {
    "response.content_part.added": ("content", "content_index"),
    "response.reasoning_summary_part.added": ("summary", "summary_index"),
}
_DONE = {name.removesuffix(".delta") + ".done": place for name, place in _DELTAS.items()}
_SLOTS_DONE = {name.removesuffix(".added") + ".done" for name in _SLOTS}
_GRAMMAR = {
    # `.d` is of `delta` and `done`: `output_text.annotation.added` is kept beside the text.
    "message": ("response.content_part.", "response.output_text.d", "response.refusal."),
    "reasoning": ("response.reasoning_summary_", "response.reasoning_text."),
    "function_call": ("response.function_call_arguments.",),
    "custom_tool_call": ("response.custom_tool_call_input.",),
}


@dataclass(slots=True)
class StreamReading:
    """What a stream said so far."""

    response: JsonObject = field(default_factory=dict)
    ending: str = ""
    error: Any = None
    first: int | None = None
    opening: list[JsonObject] = field(default_factory=list)
    added: dict[int, JsonObject] = field(default_factory=dict)
    done: dict[int, JsonObject] = field(default_factory=dict)
    slots: dict[ItemPlace, JsonObject] = field(default_factory=dict)
    deltas: dict[ItemPlace, list[str]] = field(default_factory=dict)
    texts: dict[ItemPlace, str] = field(default_factory=dict)
    beside: dict[int, list[tuple[ItemPlace, list[Any]]]] = field(default_factory=dict)
    place: ItemPlace = (-1, "", 0)


def listen(events: Iterable[JsonObject]) -> StreamReading:
    """Everything that the events say."""
    heard = StreamReading()
    for event in events:
        if event:
            _hear(heard, event)
    return heard


def events_in(reply: Reply) -> tuple[JsonObject, ...]:
    """Per frame of a stream, its event as JSON; empty where it carries none."""
    # An event without its blank line is never dispatched to a client (WHATWG HTML, 9.2.6).
    return tuple(fields(loaded(one.data)) if one.complete else {} for one in SSE.frames_of(reply))


def place_of(event: JsonObject) -> ItemPlace | None:
    """Which text an event adds to, or None where it adds none."""
    known = _DELTAS.get(text_of(event.get("type")))
    return _at(event, known) if known and isinstance(event.get("delta"), str) else None


def output_of(heard: StreamReading) -> list[JsonObject]:
    """The output list as far as the events tell it."""
    # What is done was sent whole; only of an item that the stream broke off in there are pieces alone.
    return [heard.done.get(at) or _pieced(heard, at) for at in sorted({*heard.added, *heard.done})]


def placeless(event: JsonObject) -> JsonObject:
    """An event without its number and place, which are given anew when it is written."""
    gone = ("output_index", "item_id", "content_index", "sequence_number")
    return {name: None if name in gone else one for name, one in event.items()}


def _hear(heard: StreamReading, event: JsonObject) -> None:
    kind = text_of(event.get("type"))
    number = event.get("sequence_number")
    if heard.first is None and not heard.added and isinstance(number, int):
        # Counted back from the first event that has a number, which need not be the first of all.
        heard.first = number - len(heard.opening)
    if kind in ENDINGS:
        heard.response, heard.ending = fields(event.get("response")), kind
    elif kind == "response.output_item.added":
        heard.place = (count_of(event.get("output_index")), "", 0)
        heard.added[heard.place[0]] = fields(event.get("item"))
    elif kind == "response.output_item.done":
        heard.done[count_of(event.get("output_index"))] = fields(event.get("item"))
    elif not _hear_text(heard, event, kind):
        _hear_beside(heard, event)


def _hear_text(heard: StreamReading, event: JsonObject, kind: str) -> bool:
    """Takes an event that belongs to the texts of an item of a known type."""
    item = heard.added.get(count_of(event.get("output_index")), {})
    # No event begins with a NUL: items of an unknown type have no texts that could be read.
    if not kind.startswith(_GRAMMAR.get(text_of(item.get("type")), ("\0",))):
        return False
    if kind in _SLOTS:
        heard.place = _at(event, _SLOTS[kind])
        heard.slots[heard.place] = fields(event.get("part"))
    elif kind in _DELTAS:
        heard.place = _at(event, _DELTAS[kind])
        heard.deltas.setdefault(heard.place, []).append(text_of(event.get("delta")))
    elif kind in _DONE:
        said = next((event[name] for name in ("text", "refusal", "arguments", "input") if name in event), "")
        heard.texts[_at(event, _DONE[kind])] = text_of(said)
    else:
        return kind in _SLOTS_DONE
    return True


def _hear_beside(heard: StreamReading, event: JsonObject) -> None:
    if event.get("type") == "error":
        # Nested as servers send it; flat as the API's reference shows it.
        heard.error = event.get("error") or without(event, "type", "sequence_number")
    if isinstance(event.get("response"), dict):
        heard.response = event["response"]
    if not heard.added:
        heard.opening.append(event)
        return
    at = event.get("output_index", heard.place[0])
    place = heard.place if at == heard.place[0] else (count_of(at), "", 0)
    chars = sum(len(one) for one in heard.deltas.get(place, ()))
    heard.beside.setdefault(place[0], []).append((place, [chars, placeless(event)]))


def _pieced(heard: StreamReading, at: int) -> JsonObject:
    item = heard.added.get(at, {})
    if name := TOOL_FIELD.get(text_of(item.get("type"))):
        return {**item, name: _said(heard, (at, name, 0)) or text_of(item.get(name))}
    lists: dict[str, list[JsonObject]] = {}
    for place in sorted({*heard.slots, *heard.deltas, *heard.texts}):
        if place[0] == at:
            slot = heard.slots.get(place) or {
                "type": "summary_text" if place[1] == "summary" else "output_text"
            }
            lists.setdefault(place[1], []).append({**slot, said_in(slot): _said(heard, place)})
    return {**item, **lists}


def _said(heard: StreamReading, place: ItemPlace) -> str:
    return heard.texts.get(place) or "".join(heard.deltas.get(place, ()))


def _at(event: JsonObject, known: tuple[str, str]) -> ItemPlace:
    return count_of(event.get("output_index")), known[0], count_of(event.get(known[1]))
