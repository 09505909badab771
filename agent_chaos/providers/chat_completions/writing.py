"""A Chat Completions stream written from a turn; `reading` says what the turn's `extra` holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from agent_chaos.providers.chat_completions.chunks import ChunkDelta, entry, merged_object
from agent_chaos.providers.chat_completions.stop_reasons import STOPS, written_usage
from agent_chaos.providers.chat_completions.tool_calls import REASONING_KEYS, call_written, shape
from agent_chaos.providers.json_values import fields, items, without
from agent_chaos.providers.parts.frames import json_frame, pieces
from agent_chaos.providers.turn import ModelTurn, Opaque, Part, Reasoning, Text, ToolCall
from agent_chaos.stream.framing.sse import SSE

_CHOICE = {"index": 0, "logprobs": None, "finish_reason": None}


def written_stream(turn: ModelTurn, newline: str) -> bytes:
    """The turn as an event stream."""
    written = [*_before(turn), *_parts(turn), *_after(turn, _carried(turn))]
    done = turn.extra.get("$done", True) and (turn.complete or turn.error is not None)
    end = [SSE.frame("[DONE]", newline=newline)] if done else []
    return b"".join([*(_frame(one, newline) for one in written), *end])


def _frame(one: ChunkDelta, newline: str) -> bytes:
    event = str(one.get("event", ""))
    if "data" in one:
        return SSE.frame(one["data"], event=event, newline=newline)
    return json_frame(one["raw"], event=event, newline=newline)


def _before(turn: ModelTurn) -> Iterator[ChunkDelta]:
    for one in turn.extra.get("$before", []):
        yield _written(turn, one)


def _parts(turn: ModelTurn) -> Iterator[ChunkDelta]:
    # The API names the role in the first delta alone.
    first = turn.extra.get("$first", {} if turn.extra.get("$before") else {"role": "assistant"})
    for delta, one in _by_chunk(turn.parts):
        if delta is None:
            yield _written(turn, one)
            continue
        yield _ended(turn, _chunk(turn, {**first, **delta, **one.get("delta", {})}, one), one)
        first = {}
    # A turn without parts still begins, with a delta that names the role alone.
    if first:
        yield _chunk(turn, first, {})


def _by_chunk(parts: Sequence[Part]) -> Iterator[tuple[dict[str, Any] | None, ChunkDelta]]:
    """The deltas of all parts with the entries of their chunks, those that came in one chunk put together."""
    last: tuple[dict[str, Any], ChunkDelta] | None = None
    for delta, one in _of_parts(parts):
        if last is not None and delta is not None and one.get("joined"):
            last = _joined(last[0], delta), {**last[1], **entry(stop=one.get("stop"), usage=one.get("usage"))}
            continue
        if last is not None:
            yield last
        last = None if delta is None else (delta, one)
        if delta is None:
            yield None, one
    if last is not None:
        yield last


def _of_parts(parts: Sequence[Part]) -> Iterator[tuple[dict[str, Any] | None, ChunkDelta]]:
    calls = 0
    for part in parts:
        yield from _deltas(part, calls, last=part is parts[-1])
        calls += isinstance(part, ToolCall)


def _joined(one: dict[str, Any], two: dict[str, Any]) -> dict[str, Any]:
    calls = [*items(one.get("tool_calls")), *items(two.get("tool_calls"))]
    return {**one, **two, **({"tool_calls": calls} if calls else {})}


def _carried(turn: ModelTurn) -> ChunkDelta:
    """The entry of the last chunk of the last part, which may carry the finish reason and the usage."""
    if not turn.parts:
        return {}
    *_, (_, one) = _deltas(turn.parts[-1], 0, last=True)
    return one


def _ended(turn: ModelTurn, chunk: ChunkDelta, one: ChunkDelta) -> ChunkDelta:
    """The chunk with the finish reason and the usage, where it carries them."""
    if not one.get("stop") and not one.get("usage"):
        return chunk
    first, *others = chunk["raw"]["choices"]
    choices = [{**first, "finish_reason": STOPS.word(turn)}, *others] if one.get("stop") else [first, *others]
    counted = {"usage": written_usage(turn.usage)} if one.get("usage") and turn.usage is not None else {}
    return {"raw": {**chunk["raw"], "choices": choices, **counted}}


def _deltas(part: Part, place: int, *, last: bool) -> Iterator[tuple[dict[str, Any] | None, ChunkDelta]]:
    """The deltas of a part with the entries of their chunks; None for a chunk that adds to no part.

    Only the last chunk of the last part carries the finish reason and the usage.
    """
    text, lengths = _text_to_stream(part)
    entries: Sequence[ChunkDelta] = part.extra.get("$chunks", [])
    begun = False
    cut = pieces(text, lengths)
    for i, piece in enumerate(cut):
        one = dict(entries[i]) if i < len(entries) else {}
        if not last or i < len(cut) - 1:
            one = without(one, "stop", "usage")
        if one.get("beside"):
            yield None, one
        else:
            yield _delta(part, piece, place, one.get("call", {}), begins=not begun), one
            begun = True


def _text_to_stream(part: Part) -> tuple[str, Sequence[int]]:
    match part:
        case Text() | Reasoning():
            return part.text, part.pieces
        case ToolCall():
            # OpenAI names a call in a first fragment without arguments.
            return part.arguments, part.pieces or (0,)
        case Opaque():
            return str(part.extra.get("refusal", "")), part.extra.get("$pieces", [])


def _delta(part: Part, piece: str, place: int, rest: dict[str, Any], *, begins: bool) -> dict[str, Any]:
    match part:
        case Text():
            return {"content": piece}
        case Reasoning():
            return {part.extra.get("$key", REASONING_KEYS[0]): piece}
        case ToolCall() if part.extra.get("$legacy"):
            return {"function_call": call_written(part, piece) if begins else {**rest, "arguments": piece}}
        case ToolCall():
            claimed = part.extra.get("$index", place)
            index = {} if claimed is None else {"index": claimed}
            return {
                "tool_calls": [index | (call_written(part, piece) if begins else _more(part, piece, rest))]
            }
        case Opaque():
            public = {name: value for name, value in part.extra.items() if not name.startswith("$")}
            return {**public, "refusal": piece} if part.kind == "refusal" else public


def _more(call: ToolCall, piece: str, rest: dict[str, Any]) -> dict[str, Any]:
    kind, given = shape(call.extra)
    return {**rest, kind: {**fields(rest.get(kind)), given: piece}}


def _after(turn: ModelTurn, carried: ChunkDelta) -> Iterator[ChunkDelta]:
    entries: Sequence[ChunkDelta] = turn.extra.get("$after", [])
    told = [*entries, carried]
    word = STOPS.word(turn)
    if word is not None and not any(one.get("stop") for one in told):
        yield _chunk(turn, {}, {"choice": {"finish_reason": word}})
    for one in entries:
        if one.get("error") and turn.error is None:
            continue
        # A chunk without choices was there for its usage alone.
        if one.get("usage") and turn.usage is None and not one.get("choices"):
            continue
        yield _written(turn, one)
    if turn.error is not None and not any(one.get("error") for one in entries):
        yield {"raw": {"error": turn.error}}
    # As with `stream_options.include_usage`: in a last chunk without choices.
    if turn.usage is not None and not any(one.get("usage") for one in told):
        yield {"raw": {**_common(turn), "choices": [], "usage": written_usage(turn.usage)}}


def _common(turn: ModelTurn) -> dict[str, Any]:
    """What every chunk of the turn says."""
    # The API's schema demands a time, and a turn that was not recorded has none.
    extra = turn.extra or {"created": 1_700_000_000}
    public = {name: value for name, value in extra.items() if not name.startswith("$")}
    if public.get("object", "chat.completion") == "chat.completion":
        public["object"] = "chat.completion.chunk"
    named = {name: value for name, value in (("id", turn.id), ("model", turn.model)) if value}
    return named | public | ({"usage": None} if turn.extra.get("$usage_null") else {})


def _chunk(turn: ModelTurn, delta: dict[str, Any], one: ChunkDelta) -> ChunkDelta:
    common = {**turn.extra.get("$choice", _CHOICE)}
    choice = merged_object({**one.get("choice", {}), "delta": delta}, common)
    chunk = {
        **merged_object(one.get("chunk", {}), _common(turn)),
        "choices": [choice, *one.get("others", [])],
    }
    return {"raw": chunk}


def _written(turn: ModelTurn, one: ChunkDelta) -> ChunkDelta:
    """The frame of an entry that adds to no part."""
    event = {"event": one["event"]} if "event" in one else {}
    if "data" in one:
        return {"data": one["data"], **event}
    if "raw" in one:
        told = one.get("error") and "error" not in one["raw"] and one["raw"].get("object") != "error"
        return {"raw": {**one["raw"], **({"error": turn.error} if told else {})}, **event}
    chunk = merged_object(one.get("chunk", {}), _common(turn))
    if one.get("usage"):
        counted = {"usage": written_usage(turn.usage)} if turn.usage is not None else {}
        chunk = {**(chunk if counted else without(chunk, "usage")), **counted}
    choices = [dict(choice) for choice in one.get("choices", [])]
    if one.get("stop") and choices:
        ours = next((choice for choice in choices if "finish_reason" not in choice), choices[0])
        ours["finish_reason"] = STOPS.word(turn)
    return {"raw": {**chunk, "choices": choices}}
