"""Reads a reply of the OpenAI Responses API: a response object, or the events that build one.

A finished response object is the truth; the events say how it arrived (`pieces`) and add what it does not hold: the
opening snapshots, and events beside the items' own (`keepalive`, progress of server tools, annotations), which stay in
`extra` with the place where they were.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from agent_chaos.providers.json_values import JsonObject, fields, items, loaded, text_of
from agent_chaos.providers.openai_responses.items import TEXTUAL, ItemPlace, begun, parts_of
from agent_chaos.providers.openai_responses.stop_reasons import neutral, read_usage
from agent_chaos.providers.openai_responses.stream import (
    StreamReading,
    events_in,
    listen,
    output_of,
    placeless,
)
from agent_chaos.providers.turn import ModelTurn, Opaque, Part
from agent_chaos.stream.exchange import Reply
from agent_chaos.stream.framing.sse import SSE


def read(reply: Reply) -> tuple[ModelTurn, tuple[ItemPlace, ...]]:
    """The turn of a reply, and the place of each of its parts."""
    if SSE.holds(reply):
        return _streamed(events_in(reply))
    body = loaded(reply.body)
    placed = tuple(parts_of(items(fields(body).get("output"))))
    turn = _turn(fields(body), tuple(part for _, part in placed), complete=isinstance(body, dict))
    return turn, tuple(place for place, _ in placed)


def _streamed(events: Iterable[JsonObject]) -> tuple[ModelTurn, tuple[ItemPlace, ...]]:
    heard = listen(events)
    output = items(heard.response.get("output")) if heard.ending else []
    seen = output_of(heard)
    placed = [(place, _arrived(heard, place, part)) for place, part in parts_of(output if output else seen)]
    parts = tuple(part for _, part in _with_details(heard, placed, output))
    turn = _turn(heard.response, parts, complete=bool(heard.ending))
    details: JsonObject = {"opening": [_nameless(event, heard.response) for event in heard.opening]}
    details |= {"first": heard.first} if heard.first is not None else {}
    # Some servers end with a response that does not repeat its output.
    details |= {"bare_end": True} if heard.ending and seen and not output else {}
    error = turn.error or (heard.error if isinstance(heard.error, dict) else None)
    return replace(turn, streamed=True, error=error, extra={**turn.extra, **details}), tuple(
        place for place, _ in placed
    )


def _turn(response: JsonObject, parts: tuple[Part, ...], *, complete: bool) -> ModelTurn:
    status = response.get("status")
    reason = fields(response.get("incomplete_details")).get("reason")
    # `status` says that a response is incomplete, and `incomplete_details` alone for what reason.
    raw = reason if status == "incomplete" and isinstance(reason, str) else status
    raw = raw if isinstance(raw, str) and complete else None
    return ModelTurn(
        parts=parts,
        stop=neutral(raw, parts),
        stop_raw=raw,
        usage=read_usage(response.get("usage")),
        id=text_of(response.get("id")),
        model=text_of(response.get("model")),
        complete=complete,
        error=response["error"] if isinstance(response.get("error"), dict) else None,
        extra={"response": _envelope(response)},
    )


def _envelope(response: JsonObject) -> JsonObject:
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


def _nameless(event: JsonObject, response: JsonObject) -> JsonObject:
    """An opening event without its number, and without the id and model that the finished response has too."""
    kept = placeless(event)
    if isinstance(snapshot := event.get("response"), dict):
        same = [name for name in ("id", "model") if name in snapshot and snapshot[name] == response.get(name)]
        kept["response"] = {**snapshot, **dict.fromkeys(same)}
    return kept


def _arrived(heard: StreamReading, place: ItemPlace, part: Part) -> Part:
    if isinstance(part, Opaque):
        return part
    return replace(part, pieces=tuple(len(one) for one in heard.deltas.get(place, ())))


def _with_details(
    heard: StreamReading, placed: list[tuple[ItemPlace, Part]], output: list[Any]
) -> list[tuple[ItemPlace, Part]]:
    """The parts with what the stream says beside them: other events, and items that differ as they grow."""
    found = list(placed)
    for at in {place[0] for place, _ in placed}:
        mine = [i for i, (place, _) in enumerate(placed) if place[0] == at]
        _detail(found, mine[0], _growth(heard, at, fields(output[at]) if output else output_of(heard)[at]))
        for place, beside in heard.beside.get(at, []):
            # Where the finished item has not that text, the event is kept with the item's first part: no
            # event may be lost.
            to = next((i for i in mine if placed[i][0] == place), mine[0])
            kept = found[to][1].extra.get("beside", [])
            _detail(found, to, {"beside": [*kept, beside]})
    return found


def _detail(found: list[tuple[ItemPlace, Part]], at: int, extra: JsonObject) -> None:
    place, part = found[at]
    found[at] = place, replace(part, extra={**part.extra, **extra})


def _growth(heard: StreamReading, at: int, final: JsonObject) -> JsonObject:
    """Where an item as announced or as done differs from the finished one, beyond its texts."""
    if at not in heard.added and at not in heard.done:
        return {}
    if at not in heard.done:
        return {"open": True}
    added = _differing(heard.added.get(at, {}), begun(final))
    done = _differing(heard.done[at], final)
    return {**({"added": added} if added else {}), **({"done": done} if done else {})}


def _differing(item: JsonObject, derived: JsonObject) -> JsonObject:
    return {name: one for name, one in item.items() if name not in TEXTUAL and derived.get(name, ...) != one}
