"""Writes a turn as the OpenAI Responses API would: a response object, or the whole sequence of events that builds one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

from agent_chaos.providers.json_values import JsonObject, fields, items, text_of, without
from agent_chaos.providers.openai_responses.items import TOOL_FIELD, Item, begun, items_of, said_in
from agent_chaos.providers.openai_responses.stop_reasons import STATUSES, word_of, written_usage
from agent_chaos.providers.parts.frames import json_frame, pieces, with_json
from agent_chaos.providers.parts.splicing import Comparison, spliced
from agent_chaos.providers.turn import ModelTurn, Part, Reasoning, Text, ToolCall
from agent_chaos.stream.exchange import Reply, with_body
from agent_chaos.stream.framing.sse import SSE

_UNSETTLED: JsonObject = {
    "status": "in_progress",
    "completed_at": None,
    "error": None,
    "incomplete_details": None,
    "output": [],
    "usage": None,
}


def render(turn: ModelTurn, like: Reply, before: ModelTurn) -> Reply:
    """The reply that says `turn`, with the bytes and pace of `like`, whose turn is `before`, where it says the same."""
    if not turn.streamed:
        value = response_of(turn)
        return with_json(like, value, response_of(before)) if turn.complete or value else with_body(like, b"")
    return spliced(turn, like, before, _stream, _EVENTS)


def _stream(turn: ModelTurn, newline: str) -> bytes:
    return b"".join(json_frame(event, event=event["type"], newline=newline) for event in events_of(turn))


_EVENTS = Comparison(SSE, noise=("logprobs",))


def response_of(turn: ModelTurn) -> JsonObject:
    """The turn as a finished response object, or as the error body that it is."""
    kept = fields(turn.extra.get("response"))
    raw = word_of(turn)
    # Any other word is a reason, which the API tells in `incomplete_details`.
    status = raw if raw is None or raw in STATUSES else "incomplete"
    said = {
        "id": turn.id,
        "status": status,
        "error": turn.error,
        "incomplete_details": {"reason": raw} if status == "incomplete" and raw not in STATUSES else None,
        "model": turn.model,
        "output": [] if turn.extra.get("bare_end") else [item.whole() for item in _settled(turn, raw)],
        "usage": written_usage(turn.usage),
    }
    # What was recorded without `object` stays without it.
    new = {} if kept else {"object": "response"}
    return {**new, **kept, **{name: one for name, one in said.items() if one}}


def events_of(turn: ModelTurn) -> Iterator[JsonObject]:
    """Every event of the stream, numbered as the recorded one was, or from 0 where there was none."""
    # As recorded: servers count from 0 or from 1, or do not number their events at all.
    number = turn.extra.get("first", None if "opening" in turn.extra else 0)
    for event in _events(turn):
        if "sequence_number" not in event:
            yield event
        elif number is None:
            yield without(event, "sequence_number")
        else:
            yield {**event, "sequence_number": number}
            number += 1


def _events(turn: ModelTurn) -> Iterator[JsonObject]:
    raw = word_of(turn)
    yield from _opening(turn)
    for at, item in enumerate(_settled(turn, raw)):
        yield from _item_events(at, item, open_ended=not turn.complete)
    if turn.complete:
        response = response_of(turn)
        yield _event(f"response.{response.get('status') or 'completed'}", response=response)


def _opening(turn: ModelTurn) -> Iterator[JsonObject]:
    known = turn.extra.get("opening")
    if known is None:
        snapshot = {**response_of(turn), **_UNSETTLED}
        known = [_event(f"response.{name}", response=snapshot) for name in ("created", "in_progress")]
    for event in items(known):
        snapshot = fields(event.get("response"))
        names = {name: one for name, one in (("id", turn.id), ("model", turn.model)) if name in snapshot}
        # A snapshot that was cleared of its id gets the new one; one that names another model than the end
        # does is the server's own, and stays.
        fresh = {name: one for name, one in names.items() if snapshot[name] is None}
        yield {**event, "response": {**snapshot, **fresh}} if snapshot else event


def _item_events(at: int, item: Item, *, open_ended: bool) -> Iterator[JsonObject]:
    final = item.whole()
    extra = item.parts[0].extra
    is_open = open_ended and bool(extra.get("open"))
    announced = {**begun(final), **fields(extra.get("added"))} if isinstance(final, dict) else final
    yield _event("response.output_item.added", item=announced, output_index=at)
    place = {"item_id": item.id, "output_index": at}
    slots = list(item.slots())
    if isinstance(item.parts[0], ToolCall):
        yield from _tool_events(item, place, is_open=is_open)
    elif not slots:
        yield from _beside(item.parts[0], place)
    for i, (name, index, part, member) in enumerate(slots):
        open_here = is_open and i == len(slots) - 1
        yield from _slot_events(item.type, name, index, part, member, place, is_open=open_here)
    if not is_open:
        done = {**final, **fields(extra.get("done"))} if isinstance(final, dict) else final
        yield _event("response.output_item.done", item=done, output_index=at)


def _tool_events(item: Item, place: JsonObject, *, is_open: bool) -> Iterator[JsonObject]:
    part = item.parts[0]
    assert isinstance(part, ToolCall)
    name = TOOL_FIELD.get(item.type, "arguments")
    kind = "response.custom_tool_call_input" if name == "input" else "response.function_call_arguments"
    yield from _growing(
        part, part.arguments, place, lambda piece: _event(f"{kind}.delta", delta=piece, **place)
    )
    if not is_open:
        yield _event(f"{kind}.done", **{name: part.arguments}, **place)


def _slot_events(
    kind: str, name: str, index: int, part: Part, member: Any, place: JsonObject, *, is_open: bool
) -> Iterator[JsonObject]:
    """The events of one content or summary part, from its announcement to its end."""
    here = {**place, f"{name}_index": index}
    slot = "response.reasoning_summary_part" if name == "summary" else "response.content_part"
    # The raw text of a reasoning item has deltas and no announcement of its part (`reasoning_text`).
    announces = kind == "message" or name == "summary"
    if announces:
        yield _event(f"{slot}.added", part=_empty(member), **here)
    if isinstance(part, Text | Reasoning):
        yield from _text_events(kind, name, part, member, here, is_open=is_open)
    else:
        yield from _beside(part, here)
    if announces and not is_open:
        yield _event(f"{slot}.done", part=member, **here)


def _text_events(
    kind: str, name: str, part: Text | Reasoning, member: JsonObject, here: JsonObject, *, is_open: bool
) -> Iterator[JsonObject]:
    said = said_in(member)
    words = {"summary": "reasoning_summary_text", "content": "reasoning_text"}[name]
    words = words if kind == "reasoning" else "refusal" if said == "refusal" else "output_text"
    logprobs: JsonObject = {"logprobs": member["logprobs"]} if "logprobs" in member else {}
    empty: JsonObject = {"logprobs": []} if logprobs else {}
    yield from _growing(
        part, part.text, here, lambda piece: _event(f"response.{words}.delta", delta=piece, **here, **empty)
    )
    if not is_open:
        yield _event(f"response.{words}.done", **{said: part.text}, **here, **logprobs)


def _growing(
    part: Text | Reasoning | ToolCall, text: str, place: JsonObject, delta: Callable[[str], JsonObject]
) -> Iterator[JsonObject]:
    """The deltas of a text in its recorded pieces, with the events beside it where they were."""
    waiting = items(part.extra.get("beside"))
    said = 0
    for piece in pieces(text, part.pieces) if text or part.pieces else ():
        ready = [event for chars, event in waiting if chars <= said]
        yield from _placed(ready, place)
        waiting = waiting[len(ready) :]
        yield delta(piece)
        said += len(piece)
    yield from _placed([event for _, event in waiting], place)


def _beside(part: Part, place: JsonObject) -> Iterator[JsonObject]:
    yield from _placed([event for _, event in items(part.extra.get("beside"))], place)


def _placed(events: Iterable[JsonObject], place: JsonObject) -> Iterator[JsonObject]:
    for event in events:
        yield {**event, **{name: one for name, one in place.items() if name in event}}


def _event(kind: str, **said: Any) -> JsonObject:
    """An event with its fields in the order that the provider writes them; the number is filled in later."""
    # The provider sends the fields by the alphabet behind the type.
    return {"type": kind, **dict(sorted({**said, "sequence_number": None}.items()))}


def _empty(member: Any) -> Any:
    """A part as it is announced: without its words."""
    blank = {"text": "", "refusal": "", "annotations": [], "logprobs": []}
    return (
        {name: blank.get(name, one) for name, one in member.items()} if isinstance(member, dict) else member
    )


def _settled(turn: ModelTurn, raw: str | None) -> tuple[Item, ...]:
    """The items, with the status that a changed reason to stop gives them."""
    found = items_of(turn)
    if raw is None or raw == turn.stop_raw or not found:
        return found
    if raw in STATUSES:
        return tuple(_with_status(one, "incomplete", raw) for one in found)
    last = found[-1]
    return (*found[:-1], _with_status(last, text_of(last.head.get("status")), "incomplete"))


def _with_status(item: Item, before: str, after: str) -> Item:
    changed = item.head.get("status") == before and before
    return replace(item, head={**item.head, "status": after}) if changed else item
