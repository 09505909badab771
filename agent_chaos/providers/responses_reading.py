"""Reads a reply of the OpenAI Responses API: a response object, or the events that build one.

A finished response object is the truth; the events say how it arrived (`pieces`) and add what it does not hold: the
opening snapshots, and events beside the items' own (`keepalive`, progress of server tools, annotations), which stay in
`extra` with the place where they were.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from agent_chaos.providers.frames import is_stream
from agent_chaos.providers.json_values import count_of, fields, items, loaded, text_of, without
from agent_chaos.providers.protocol import ModelTurn, Opaque, Part, Stop, Text, ToolCall, Usage
from agent_chaos.providers.responses_items import TEXTUAL, TOOL_FIELD, Json, Place, begun, parts_of, said_in
from agent_chaos.stream.exchange import Reply
from agent_chaos.stream.sse import frames

ENDINGS = {"response.completed", "response.incomplete", "response.failed", "response.cancelled"}
"""The events that end a stream."""

STATUSES = {"completed", "failed", "in_progress", "queued", "cancelled", "incomplete"}
"""The words for how a response stands; any other reason to stop is the reason of an incomplete one."""

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
    "message": ("response.content_part.", "response.output_text.d", "response.refusal."),
    "reasoning": ("response.reasoning_summary_", "response.reasoning_text."),
    "function_call": ("response.function_call_arguments.",),
    "custom_tool_call": ("response.custom_tool_call_input.",),
}
_NEUTRAL: dict[str, Stop] = {
    "completed": "end",
    "max_output_tokens": "length",
    "content_filter": "filter",
    "max_messages": "pause",
}


@dataclass(slots=True)
class Reading:
    """What a stream said so far."""

    response: Json = field(default_factory=dict)
    ending: str = ""
    error: Any = None
    first: int | None = None
    opening: list[Json] = field(default_factory=list)
    added: dict[int, Json] = field(default_factory=dict)
    done: dict[int, Json] = field(default_factory=dict)
    slots: dict[Place, Json] = field(default_factory=dict)
    deltas: dict[Place, list[str]] = field(default_factory=dict)
    texts: dict[Place, str] = field(default_factory=dict)
    beside: dict[int, list[tuple[Place, list[Any]]]] = field(default_factory=dict)
    place: Place = (-1, "", 0)


def read(reply: Reply) -> tuple[ModelTurn, tuple[Place, ...]]:
    """The turn of a reply, and the place of each of its parts."""
    if is_stream(reply):
        return _streamed(events_of(reply))
    body = loaded(reply.body)
    placed = tuple(parts_of(items(fields(body).get("output"))))
    turn = _turn(fields(body), tuple(part for _, part in placed), complete=isinstance(body, dict))
    return turn, tuple(place for place, _ in placed)


def events_of(reply: Reply) -> tuple[Json, ...]:
    """Per frame of a stream, its event as JSON; empty where it carries none."""
    return tuple(fields(loaded(one.data)) if one.complete else {} for one in frames(reply.body))


def place_of(event: Json) -> Place | None:
    """Which text an event adds to, or None where it adds none."""
    known = _DELTAS.get(text_of(event.get("type")))
    return _at(event, known) if known and isinstance(event.get("delta"), str) else None


def neutral(raw: str | None, parts: Iterable[Part]) -> Stop | None:
    """The provider's word for why it stopped, in neutral words."""
    if raw is None or raw in ("in_progress", "queued"):
        return None
    if raw == "completed" and any(isinstance(part, ToolCall) for part in parts):
        return "tool_use"
    if raw == "completed" and any(_refuses(part) for part in parts):
        return "filter"
    return _NEUTRAL.get(raw, "other")


def usage_of(value: Any) -> Usage | None:
    """Token counts; the total is left out where it is the sum."""
    if not isinstance(value, dict):
        return None
    read_in, read_out = count_of(value.get("input_tokens")), count_of(value.get("output_tokens"))
    kept = {**value, "input_tokens": None, "output_tokens": None}
    if value.get("total_tokens") == read_in + read_out:
        kept["total_tokens"] = None
    return Usage(read_in, read_out, kept)


def error_of(value: Any) -> Mapping[str, Any] | None:
    """An error as an object, also where a server sends only its words."""
    if isinstance(value, dict):
        return value
    return {"message": value} if isinstance(value, str) and value else None


def _streamed(events: Iterable[Json]) -> tuple[ModelTurn, tuple[Place, ...]]:
    heard = Reading()
    for event in events:
        if event:
            _hear(heard, event)
    output = items(heard.response.get("output")) if heard.ending else []
    seen = _output(heard)
    placed = [(place, _arrived(heard, place, part)) for place, part in parts_of(output if output else seen)]
    parts = tuple(part for _, part in _with_details(heard, placed, output))
    turn = _turn(heard.response, parts, complete=bool(heard.ending))
    details: Json = {"opening": [_nameless(event, heard.response) for event in heard.opening]}
    details |= {"first": heard.first} if heard.first is not None else {}
    details |= {"bare_end": True} if heard.ending and seen and not output else {}
    error = turn.error or error_of(heard.error)
    return replace(turn, streamed=True, error=error, extra={**turn.extra, **details}), tuple(
        place for place, _ in placed
    )


def _turn(response: Json, parts: tuple[Part, ...], *, complete: bool) -> ModelTurn:
    status = response.get("status")
    reason = fields(response.get("incomplete_details")).get("reason")
    raw = reason if status == "incomplete" and isinstance(reason, str) else status
    raw = raw if isinstance(raw, str) and complete else None
    return ModelTurn(
        parts=parts,
        stop=neutral(raw, parts),
        stop_raw=raw,
        usage=usage_of(response.get("usage")),
        id=text_of(response.get("id")),
        model=text_of(response.get("model")),
        complete=complete,
        error=error_of(response.get("error")),
        extra={"response": _envelope(response)},
    )


def _envelope(response: Json) -> Json:
    """The response object without what the turn says; what it cannot say (an error in words) stays."""
    blank: dict[str, tuple[type, Any]] = {
        "id": (str, None),
        "model": (str, None),
        "status": (str, None),
        "output": (list, []),
    }
    blank |= dict.fromkeys(("usage", "error", "incomplete_details"), (dict, None))
    readable = {name: one for name, (kind, one) in blank.items() if isinstance(response.get(name), kind)}
    return {**response, **readable}


def _hear(heard: Reading, event: Json) -> None:
    kind = text_of(event.get("type"))
    number = event.get("sequence_number")
    if heard.first is None and not heard.added and isinstance(number, int):
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


def _hear_text(heard: Reading, event: Json, kind: str) -> bool:
    """Takes an event that belongs to the texts of an item of a known type."""
    item = heard.added.get(count_of(event.get("output_index")), {})
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


def _hear_beside(heard: Reading, event: Json) -> None:
    if event.get("type") == "error":
        heard.error = event.get("error") or without(event, "type", "sequence_number")
    if isinstance(event.get("response"), dict):
        heard.response = event["response"]
    if not heard.added:
        heard.opening.append(event)
        return
    at = event.get("output_index", heard.place[0])
    place = heard.place if at == heard.place[0] else (count_of(at), "", 0)
    chars = sum(len(one) for one in heard.deltas.get(place, ()))
    heard.beside.setdefault(place[0], []).append((place, [chars, _placeless(event)]))


def _placeless(event: Json) -> Json:
    """An event without its number and place, which are given anew when it is written."""
    gone = ("output_index", "item_id", "content_index", "sequence_number")
    return {name: None if name in gone else one for name, one in event.items()}


def _nameless(event: Json, response: Json) -> Json:
    """An opening event without its number, and without the id and model that the finished response has too."""
    kept = _placeless(event)
    if isinstance(snapshot := event.get("response"), dict):
        same = [name for name in ("id", "model") if name in snapshot and snapshot[name] == response.get(name)]
        kept["response"] = {**snapshot, **dict.fromkeys(same)}
    return kept


def _output(heard: Reading) -> list[Json]:
    """The output list as far as the events tell it."""
    return [heard.done.get(at) or _pieced(heard, at) for at in sorted({*heard.added, *heard.done})]


def _pieced(heard: Reading, at: int) -> Json:
    item = heard.added.get(at, {})
    if name := TOOL_FIELD.get(text_of(item.get("type"))):
        return {**item, name: _said(heard, (at, name, 0)) or text_of(item.get(name))}
    lists: dict[str, list[Json]] = {}
    for place in sorted({*heard.slots, *heard.deltas, *heard.texts}):
        if place[0] == at:
            slot = heard.slots.get(place) or {
                "type": "summary_text" if place[1] == "summary" else "output_text"
            }
            lists.setdefault(place[1], []).append({**slot, said_in(slot): _said(heard, place)})
    return {**item, **lists}


def _said(heard: Reading, place: Place) -> str:
    return heard.texts.get(place) or "".join(heard.deltas.get(place, ()))


def _arrived(heard: Reading, place: Place, part: Part) -> Part:
    if isinstance(part, Opaque):
        return part
    return replace(part, pieces=tuple(len(one) for one in heard.deltas.get(place, ())))


def _with_details(
    heard: Reading, placed: list[tuple[Place, Part]], output: list[Any]
) -> list[tuple[Place, Part]]:
    """The parts with what the stream says beside them: other events, and items that differ as they grow."""
    found = list(placed)
    for at in {place[0] for place, _ in placed}:
        mine = [i for i, (place, _) in enumerate(placed) if place[0] == at]
        _detail(found, mine[0], _growth(heard, at, fields(output[at]) if output else _output(heard)[at]))
        for place, beside in heard.beside.get(at, []):
            to = next((i for i in mine if placed[i][0] == place), mine[0])
            kept = found[to][1].extra.get("beside", [])
            _detail(found, to, {"beside": [*kept, beside]})
    return found


def _detail(found: list[tuple[Place, Part]], at: int, extra: Json) -> None:
    place, part = found[at]
    found[at] = place, replace(part, extra={**part.extra, **extra})


def _growth(heard: Reading, at: int, final: Json) -> Json:
    """Where an item as announced or as done differs from the finished one, beyond its texts."""
    if at not in heard.added and at not in heard.done:
        return {}
    if at not in heard.done:
        return {"open": True}
    added = _differing(heard.added.get(at, {}), begun(final))
    done = _differing(heard.done[at], final)
    return {**({"added": added} if added else {}), **({"done": done} if done else {})}


def _differing(item: Json, derived: Json) -> Json:
    return {name: one for name, one in item.items() if name not in TEXTUAL and derived.get(name, ...) != one}


def _at(event: Json, known: tuple[str, str]) -> Place:
    return count_of(event.get("output_index")), known[0], count_of(event.get(known[1]))


def _refuses(part: Part) -> bool:
    return isinstance(part, Text) and fields(part.extra.get("content")).get("type") == "refusal"
