"""A turn written as Cohere writes it: one JSON object, or events. `reading` and `blocks` say what `extra` holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from agent_chaos.providers.cohere.blocks import PLAN, block_of, call_of, message_of, text_key
from agent_chaos.providers.cohere.reading import BETWEEN, ENDED
from agent_chaos.providers.cohere.stop_reasons import STOPS, written_usage
from agent_chaos.providers.json_values import JsonObject, compact, fields
from agent_chaos.providers.parts.frames import pieces
from agent_chaos.providers.turn import ModelTurn, Part, Reasoning, Text, ToolCall
from agent_chaos.stream.framing.sse import SSE

_Told = tuple[str, str]
"""The name of an event, and its data."""

_START = {
    "delta": {
        "message": {"role": "assistant", "content": [], "tool_plan": "", "tool_calls": [], "citations": []}
    }
}


def whole(turn: ModelTurn) -> JsonObject:
    """The turn as one object."""
    if turn.error is not None:
        return dict(turn.error)
    rest = {key: value for key, value in turn.extra.items() if not key.startswith("$")}
    message = {"role": "assistant", **fields(turn.extra.get("$message")), **message_of(turn.parts)}
    reason = {"finish_reason": STOPS.word(turn)} if turn.stop is not None else {}
    return {"id": turn.id, **reason, "message": message, **written_usage(turn.usage), **rest}


def stream(turn: ModelTurn, newline: str) -> bytes:
    """The turn as events."""
    return b"".join(SSE.frame(data, event=name, newline=newline) for name, data in _events(turn))


def _events(turn: ModelTurn) -> Iterator[_Told]:
    started = turn.extra.get("$started", _START)
    if started is not False:
        yield _event({"id": turn.id, "type": "message-start", **started})
    others = _Others(turn.extra.get("$events", ()))
    yield from others.at(0)
    counted = {True: 0, False: 0}
    for place, part in enumerate(turn.parts, 1):
        is_call = isinstance(part, ToolCall)
        index = part.extra.get("$index", counted[is_call])
        is_open = place == len(turn.parts) and bool(turn.extra.get("$open"))
        yield from _part(part, index, others.within(place), closed=not is_open)
        counted[is_call] += not _is_plan(part)
        yield from others.at(place)
    yield from others.behind(len(turn.parts))
    yield from _ending(turn)
    yield from others.at(ENDED)
    # Of a stream that was read it stands among the others.
    if turn.complete and "$started" not in turn.extra:
        yield "", "[DONE]"


def _ending(turn: ModelTurn) -> Iterator[_Told]:
    if not turn.complete:
        return
    end = fields(turn.extra.get("$end"))
    reason = {"finish_reason": STOPS.word(turn)} if turn.stop is not None else {}
    failed = {"error": turn.error.get("message", "")} if turn.error is not None else {}
    delta = {**failed, **reason, **written_usage(turn.usage), **fields(end.get("delta"))}
    yield _event({"type": "message-end", **end, "delta": delta})


def _part(part: Part, index: Any, within: Sequence[tuple[int, _Told]], *, closed: bool) -> Iterator[_Told]:
    if _is_plan(part):
        assert isinstance(part, Reasoning)
        for piece in pieces(part.text, part.pieces):
            yield _event({"type": "tool-plan-delta", "delta": {"message": {"tool_plan": piece}}})
        return
    name = "tool-call" if isinstance(part, ToolCall) else "content"
    if not part.extra.get("$unannounced"):
        yield _event({"type": f"{name}-start", "index": index, "delta": {"message": _begins(part)}})
    written = 0
    for delta in _deltas(part):
        yield from (told for behind, told in within if behind == written)
        yield _event({"type": f"{name}-delta", "index": index, "delta": {"message": delta}})
        written += 1
    yield from (told for behind, told in within if behind >= written)
    if closed:
        yield _event({"type": f"{name}-end", "index": index})


def _begins(part: Part) -> JsonObject:
    match part:
        case ToolCall():
            made = call_of(part)
            return {"tool_calls": {**made, "function": {**made["function"], "arguments": ""}}}
        case Text() | Reasoning():
            return {"content": {**block_of(part), text_key(part): ""}}
        case _:
            return {"content": block_of(part)}


def _deltas(part: Part) -> Iterator[JsonObject]:
    match part:
        case ToolCall():
            for piece in pieces(part.arguments, part.pieces) if part.arguments or part.pieces else ():
                yield {"tool_calls": {"function": {"arguments": piece}}}
        case Text() | Reasoning():
            for piece in pieces(part.text, part.pieces) if part.text or part.pieces else ():
                yield {"content": {text_key(part): piece}}
        case _:
            return


def _is_plan(part: Part) -> bool:
    return isinstance(part, Reasoning) and part.extra == PLAN


@dataclass(frozen=True, slots=True)
class _Others:
    """Events without a neutral meaning, by where they stood."""

    events: Sequence[Sequence[Any]]

    def at(self, place: int) -> Iterator[_Told]:
        """Those behind so many parts, within none."""
        return ((name, data) for at, deltas, name, data in self.events if (at, deltas) == (place, BETWEEN))

    def within(self, place: int) -> list[tuple[int, _Told]]:
        """Those within that part, and behind how many of its deltas each stood."""
        ours = [one for one in self.events if one[0] == place and one[1] != BETWEEN]
        return [(deltas, (name, data)) for _, deltas, name, data in ours]

    def behind(self, parts: int) -> Iterator[_Told]:
        """Those of parts that are gone now."""
        return ((name, data) for at, _, name, data in self.events if at > parts)


def _event(payload: JsonObject) -> _Told:
    return payload["type"], compact(payload)
