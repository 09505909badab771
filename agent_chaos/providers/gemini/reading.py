"""Reads a reply of the Gemini API: one response, or a stream of them as server-sent events or as a JSON array.

The parts are those of the first candidate; text that goes on in the next chunk is one part in several `pieces`. What a
turn cannot say (other candidates, safety, grounding, feedback, running token counts) stays in `extra["chunks"]`, one
response per chunk without what the turn says.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from agent_chaos.providers.gemini.parts import TURN, is_plain_text, part_of
from agent_chaos.providers.gemini.stop_reasons import neutral, read_usage
from agent_chaos.providers.json_values import JsonObject, fields, items, loaded, text_of, without
from agent_chaos.providers.turn import ModelTurn, Opaque, Part, Reasoning, Text, ToolCall
from agent_chaos.stream.exchange import Reply
from agent_chaos.stream.framing.framing import Frame
from agent_chaos.stream.framing.json_array import JSON_ARRAY
from agent_chaos.stream.framing.sse import SSE

_Said = tuple[int, int, str]
"""Chunk, part, and the text that the chunk adds to the part."""


@dataclass(frozen=True, slots=True)
class StreamReading:
    """A reply's chunks, its parts, and what each chunk adds to which part."""

    chunks: tuple[JsonObject, ...]
    parts: tuple[Part, ...]
    said: tuple[_Said, ...]


def parse(reply: Reply) -> ModelTurn:
    """The turn of a reply."""
    if SSE.holds(reply):
        found = [(one, chunk) for one in SSE.frames_of(reply) if (chunk := chunk_of(one)) is not None]
        bare: JsonObject = {} if all(one.has_data for one, _ in found) else {"bare": True}
        turn = _turn(read(chunk for _, chunk in found))
        return replace(turn, streamed=True, extra={**turn.extra, **bare})
    if JSON_ARRAY.holds(reply):
        elements = JSON_ARRAY.frames_of(reply)
        turn = _turn(read(chunk for one in elements if (chunk := chunk_of(one)) is not None))
        # A connection that is cut leaves an array without its end, which has no other sign.
        complete = turn.complete and elements[-1].data == "]"
        return replace(turn, streamed=True, complete=complete, extra={**turn.extra, "array": True})
    body = loaded(reply.body)
    turn = _turn(read([body] if isinstance(body, dict) else []))
    return replace(turn, complete=isinstance(body, dict))


def chunk_of(one: Frame) -> JsonObject | None:
    """The response that a frame carries; errors come as bare JSON, without `data:`."""
    # An error in the middle of a stream comes without `data:` (vercel/ai#5217).
    value = loaded(one.data if one.has_data else one.raw)
    return value if isinstance(value, dict) else None


def read(chunks: Iterable[JsonObject]) -> StreamReading:
    """The chunks as parts of one turn."""
    kept = tuple(chunks)
    parts: list[Part] = []
    said: list[_Said] = []
    for at, chunk in enumerate(kept):
        for nth, wire in enumerate(parts_in(chunk)):
            part = part_of(wire)
            text = _text(part)
            # Only the first part of a chunk goes on with what was before it: a second one of the same kind
            # was begun on purpose.
            if nth == 0 and is_plain_text(wire) and _goes_on(parts, said, part, at):
                parts[-1] = _longer(parts[-1], text)
            else:
                parts.append(_begun(part, at, len(kept)))
            said.append((at, len(parts) - 1, text))
    return StreamReading(kept, tuple(parts), tuple(said))


def candidate_of(chunk: JsonObject) -> tuple[int, JsonObject]:
    """Where the first candidate stands in a chunk, and the candidate; -1 where the chunk has none of it."""
    for at, one in enumerate(items(chunk.get("candidates"))):
        # `index` 0 is a default value, and left out.
        if isinstance(one, dict) and one.get("index", 0) in (0, None):
            return at, one
    return -1, {}


def parts_of(chunk: JsonObject) -> Any:
    """The parts of the first candidate, or what stands in their place."""
    return fields(candidate_of(chunk)[1].get("content")).get("parts")


def parts_in(chunk: JsonObject) -> list[Any]:
    """The parts of the first candidate, as a list."""
    return items(parts_of(chunk))


def with_parts(chunk: JsonObject, parts: Any, *, finished: bool = True) -> JsonObject:
    """The chunk with other parts in its first candidate; with None, without any. Else, without a finish."""
    at, candidate = candidate_of(chunk)
    content = fields(candidate.get("content"))
    new: JsonObject = {} if content else {"parts": None, "role": "model"}
    changed = {**candidate, "content": {**new, **content, "parts": parts}}
    if parts is None:
        changed["content"] = without(changed["content"], "parts")
    changed = changed if finished else without(changed, "finishReason", "finishMessage")
    before = items(chunk.get("candidates"))
    if at < 0:
        return {**chunk, "candidates": [{**changed, "index": 0}, *before]}
    return {**chunk, "candidates": [*before[:at], changed, *before[at + 1 :]]}


def reason_of(chunk: JsonObject) -> str | None:
    """Why generation stopped, or why the prompt was blocked, where the chunk says so."""
    for told in (candidate_of(chunk)[1].get("finishReason"), _blocked(chunk)):
        if isinstance(told, str | int) and not isinstance(told, bool):
            return str(told)
    return None


def _blocked(chunk: JsonObject) -> Any:
    return fields(chunk.get("promptFeedback")).get("blockReason")


def _turn(reading: StreamReading) -> ModelTurn:
    chunks = reading.chunks
    raw = next((word for chunk in reversed(chunks) if (word := reason_of(chunk)) is not None), None)
    # The last counts are the totals: every chunk brings those so far.
    counted = next((at for at in reversed(range(len(chunks))) if _counts(chunks[at]) is not None), None)
    names = {
        name: next((text_of(chunk.get(name)) for chunk in chunks if text_of(chunk.get(name))), "")
        for name in ("responseId", "modelVersion")
    }
    return ModelTurn(
        parts=reading.parts,
        stop=neutral(raw, reading.parts),
        stop_raw=raw,
        usage=read_usage(_counts(chunks[counted]) or {}) if counted is not None else None,
        id=names["responseId"],
        model=names["modelVersion"],
        complete=raw is not None,
        error=next((chunk["error"] for chunk in chunks if isinstance(chunk.get("error"), dict)), None),
        extra={"chunks": [_envelope(chunk, names, at == counted) for at, chunk in enumerate(chunks)]},
    )


def _counts(chunk: JsonObject) -> JsonObject | None:
    counts = chunk.get("usageMetadata")
    return counts if isinstance(counts, dict) else None


def _envelope(chunk: JsonObject, names: JsonObject, counted: bool) -> JsonObject:
    """A chunk without what the turn says."""
    said = [name for name, one in names.items() if one and chunk.get(name) == one]
    said += ["usageMetadata"] if counted else []
    said += ["error"] if isinstance(chunk.get("error"), dict) else []
    kept = {**chunk, **dict.fromkeys(said, TURN)}
    return with_parts(kept, TURN) if parts_in(chunk) else kept


def _text(part: Part) -> str:
    return part.arguments if isinstance(part, ToolCall) else "" if isinstance(part, Opaque) else part.text


def _goes_on(parts: list[Part], said: list[_Said], part: Part, at: int) -> bool:
    """Whether a part continues the last one: the same kind of bare text, in the chunk before."""
    # Only from one chunk to the next: between two texts with a chunk of another kind between them the model
    # has begun anew.
    if not parts or said[-1][0] != at - 1 or type(parts[-1]) is not type(part):
        return False
    return is_plain_text(parts[-1].extra.get("part"))


def _longer(part: Part, text: str) -> Part:
    assert isinstance(part, Text | Reasoning)
    return replace(part, text=part.text + text, pieces=(*part.pieces, len(text)))


def _begun(part: Part, at: int, chunks: int) -> Part:
    begun = replace(part, extra={**part.extra, "chunk": at}) if chunks > 1 else part
    return begun if isinstance(begun, Opaque) else replace(begun, pieces=(len(_text(begun)),))
