"""Writes a turn as the Gemini API would: one response, or a stream of them in the chunks that it came in."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Any

from agent_chaos.providers.gemini.parts import TURN, wire_of
from agent_chaos.providers.gemini.reading import candidate_of, chunk_of, parts_of, reason_of, with_parts
from agent_chaos.providers.gemini.stop_reasons import NUMBERED, word_of, written_usage
from agent_chaos.providers.json_values import JsonObject, fields, items, without
from agent_chaos.providers.parts.frames import pieces, with_json
from agent_chaos.providers.parts.splicing import Comparison, silent, splice
from agent_chaos.providers.turn import ModelTurn, Opaque, Part, ToolCall
from agent_chaos.stream.exchange import Reply, with_body
from agent_chaos.stream.framing.framing import Frame
from agent_chaos.stream.framing.json_array import JSON_ARRAY
from agent_chaos.stream.framing.sse import SSE


def render(turn: ModelTurn, like: Reply, before: ModelTurn) -> Reply:
    """The reply that says `turn`, with the bytes and pace of `like`, whose turn is `before`, where it says the same."""
    chunks = chunks_of(turn)
    if turn.streamed and not turn.extra.get("array"):
        # Google ends the lines of its event streams with CRLF.
        newline = SSE.newline_of(like.body) if like.body and SSE.holds(like) else "\r\n"
        return splice(like, _events(turn, newline), lambda: _events(before, newline), _EVENTS)
    if turn.streamed:
        return splice(like, _array(chunks), lambda: _array(chunks_of(before)), _ELEMENTS)
    unchanged = None if before.streamed else next(iter(chunks_of(before)), None)
    return with_json(like, chunks[-1], unchanged) if chunks else with_body(like, b"")


def _events(turn: ModelTurn, newline: str) -> bytes:
    bare = bool(turn.extra.get("bare"))
    return b"".join(frame_of(chunk, newline, bare=bare and "error" in chunk) for chunk in chunks_of(turn))


def frame_of(chunk: JsonObject, newline: str, *, bare: bool = False) -> bytes:
    """One frame in the provider's spacing; an error may come as bare JSON."""
    if bare:
        return (json.dumps(chunk, ensure_ascii=False, indent=2) + "\n").encode("utf-8", "backslashreplace")
    return SSE.frame(json.dumps(chunk, ensure_ascii=False, separators=(",", ": ")), newline=newline)


def chunks_of(turn: ModelTurn) -> list[JsonObject]:
    """The turn as responses, one per chunk; exactly one where it is not streamed."""
    kept = [fields(one) for one in items(turn.extra.get("chunks", [{}]))]
    # Of a stream that is written as a whole the last chunk stays, which has the totals and the reason to
    # stop.
    kept = (kept if turn.streamed else kept[-1:]) or ([{}] if turn.parts else [])
    spread = _spread(turn.parts, len(kept))
    filled = [_filled(chunk, parts) for chunk, parts in zip(kept, spread, strict=True)]
    last = len(kept) - 1
    # The last chunk stays even without parts: it carries usage and the reason to stop.
    gone = {at for at in range(last) if _emptied(kept[at]) and not spread[at]}
    return _said(turn, [chunk for at, chunk in enumerate(filled) if at not in gone])


def _spread(parts: tuple[Part, ...], chunks: int) -> list[list[Any]]:
    """The parts of each chunk: where they were, in their pieces, and new ones after what they follow."""
    found: list[list[Any]] = [[] for _ in range(chunks)]
    at = 0
    for part in parts:
        # Never backwards: a part that was moved behind another one is sent behind it, whatever chunk it
        # came in.
        at = max(at, min(part.extra.get("chunk", at), chunks - 1))
        for i, piece in enumerate(_pieces(part, chunks - at)):
            at += i > 0
            found[at].append(wire_of(part, piece))
    return found


def _pieces(part: Part, room: int) -> list[str | None]:
    """A text in its recorded pieces, at most `room` of them; longer text makes the last one longer."""
    if isinstance(part, Opaque | ToolCall):
        return [None]
    found = list(pieces(part.text, part.pieces))
    most = max(1, min(room, len(part.pieces)))
    # Without a piece more than were recorded, since each would need a chunk, and chunks carry more than
    # text.
    return [*found[: most - 1], "".join(found[most - 1 :])]


def _filled(chunk: JsonObject, parts: list[Any]) -> JsonObject:
    if parts:
        return with_parts(chunk, parts)
    return with_parts(chunk, None) if parts_of(chunk) == TURN else chunk


def _emptied(chunk: JsonObject) -> bool:
    """Whether a chunk had parts and says nothing else."""
    return parts_of(chunk) == TURN and reason_of(chunk) is None


def _said(turn: ModelTurn, chunks: list[JsonObject]) -> list[JsonObject]:
    """The chunks with the turn's names, counts, error and reason to stop."""
    told = {
        "responseId": turn.id,
        "modelVersion": turn.model,
        "usageMetadata": written_usage(turn.usage),
        "error": turn.error,
    }
    # A turn that was made and not read: what it says besides its parts goes into the last chunk.
    if "chunks" not in turn.extra:
        chunks = [*chunks[:-1], {**chunks[-1], **{name: TURN for name, one in told.items() if one}}]
    found = [
        {
            name: told.get(name) if one == TURN else one
            for name, one in chunk.items()
            if one != TURN or told.get(name)
        }
        for chunk in chunks
    ]
    return _finished(found, turn) if found else found


def _finished(chunks: list[JsonObject], turn: ModelTurn) -> list[JsonObject]:
    """The chunks with the reason to stop where it was, or in the last one."""
    word = word_of(turn)
    places = [at for at, chunk in enumerate(chunks) if reason_of(chunk) is not None]
    # Left alone where it says so already: some servers give a reason in every chunk.
    if places and reason_of(chunks[places[-1]]) == word:
        return chunks
    if word is None:
        return [_with_finish(chunk, None) if at in places else chunk for at, chunk in enumerate(chunks)]
    at = places[-1] if places else len(chunks) - 1
    token = _token(turn.id) if word == "CONTINUATION" else ""
    return [*chunks[:at], _with_finish(chunks[at], word, token), *chunks[at + 1 :]]


def _token(turn_id: str) -> str:
    """What a client goes on with where a turn was not finished; opaque to it."""
    return urlsafe_b64encode(sha256(turn_id.encode("utf-8", "replace")).digest()).decode()


def _with_finish(chunk: JsonObject, word: str | None, token: str = "") -> JsonObject:
    at, candidate = candidate_of(chunk)
    before = items(chunk.get("candidates"))
    if at < 0 and word is None:
        return chunk
    given: Any = word
    # Enumerations of protobuf may come as numbers, which clients read as numbers again.
    if isinstance(candidate.get("finishReason"), int) and word in NUMBERED:
        given = NUMBERED.index(word)
    new: JsonObject = {} if at >= 0 else {"content": {"role": "model"}, "index": 0}
    changed = {**new, **without(candidate, "finishReason", "finishMessage", "continuationToken")}
    changed |= {} if word is None else {"finishReason": given}
    changed |= {"continuationToken": token} if token else {}
    return {**chunk, "candidates": [*before[: max(at, 0)], changed, *before[at + 1 :]]}


def _array(chunks: list[JsonObject]) -> bytes:
    """Responses as the elements of a JSON array, spaced as the provider does without `alt=sse`."""
    written = [json.dumps(chunk, ensure_ascii=False, indent=2) for chunk in chunks]
    return ("[" + "\n,\r\n".join(written) + "\n]").encode("utf-8", "backslashreplace")


def _unheard(one: Frame) -> bool:
    """Whether a client would not notice a frame; bare JSON is an error that it notices."""
    return silent(one) and chunk_of(one) is None


_EVENTS = Comparison(SSE, _unheard)
_ELEMENTS = Comparison(JSON_ARRAY)
