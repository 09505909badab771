"""A turn written as Ollama writes it: one JSON object, or one a line. `reading` says what `extra` holds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from agent_chaos.providers.json_values import JsonObject, fields, without
from agent_chaos.providers.ollama.stop_reasons import STOPS, written_usage
from agent_chaos.providers.parts.frames import json_frame, pieces
from agent_chaos.providers.parts.nearest_object import nearest_object
from agent_chaos.providers.turn import ModelTurn, Part, Reasoning, Text, ToolCall
from agent_chaos.stream.framing.json_lines import JSON_LINES

_CREATED_AT = "2026-11-23T09:00:00.123456Z"


def whole(turn: ModelTurn) -> JsonObject:
    """The turn as one object."""
    if turn.error is not None:
        return _failed(turn.error)
    message = _message(turn, *(said for part in turn.parts for said in [_said(part, _text_of(part))]))
    return _ended(turn, message)


def stream(turn: ModelTurn, newline: str) -> bytes:
    """The turn as lines."""
    return b"".join(json_frame(one, newline=newline, framing=JSON_LINES) for one in _lines(turn))


def _lines(turn: ModelTurn) -> Iterator[JsonObject]:
    said = list(_deltas(turn.parts))
    ends = not turn.extra.get("$ends_with_text")
    for number, deltas in enumerate(said):
        message = _message(turn, *deltas)
        # Most servers end with a line that says nothing but how it ended; some say the last words in it.
        last = number == len(said) - 1 and turn.complete and not ends
        yield _ended(turn, message) if last else _envelope(turn, message, done=False)
    if turn.error is not None:
        yield _failed(turn.error)
    elif turn.complete and (ends or not said):
        yield _ended(turn, _message(turn))


def _deltas(parts: tuple[Part, ...]) -> Iterator[list[JsonObject]]:
    """What each line says: a piece of a text, or tool calls that came together."""
    line: list[JsonObject] = []
    for part in parts:
        if line and not part.extra.get("$beside"):
            yield line
            line = []
        first, *others = pieces(part.text, part.pieces) if isinstance(part, Text | Reasoning) else [""]
        line.append(_said(part, first or _text_of(part)))
        for piece in others:
            yield line
            line = [_said(part, piece)]
    if line:
        yield line


def _text_of(part: Part) -> str:
    return part.text if isinstance(part, Text | Reasoning) else ""


def _said(part: Part, text: str) -> JsonObject:
    match part:
        case Text():
            return {"content": text}
        case Reasoning():
            return {"thinking": text}
        case ToolCall():
            return {"tool_calls": [_call(part)]}
        case _:
            return dict(part.extra)


def _call(call: ToolCall) -> JsonObject:
    named = {"id": call.id} if call.id else {}
    function = {**fields(call.extra.get("$function")), "name": call.name}
    rest = without(dict(call.extra), "$function", "$beside")
    return {**named, **rest, "function": {**function, "arguments": nearest_object(call.arguments)}}


def _message(turn: ModelTurn, *said: JsonObject) -> JsonObject:
    """A message of what is said together."""
    # Ollama's messages have a `content` even where they only call tools.
    message = {"role": "assistant", **fields(turn.extra.get("$message")), "content": ""}
    for one in said:
        for key, value in one.items():
            # Added up: texts are joined, and so are lists of tool calls.
            message[key] = value if key not in message or key == "role" else message[key] + value
    return message


def _envelope(turn: ModelTurn, message: JsonObject, *, done: bool) -> JsonObject:
    created = turn.extra.get("created_at", _CREATED_AT)
    return {"model": turn.model, "created_at": created, "message": message, "done": done}


def _ended(turn: ModelTurn, message: JsonObject) -> JsonObject:
    word = STOPS.word(turn)
    rest = {name: one for name, one in turn.extra.items() if name[0] != "$" and name != "created_at"}
    reason = {"done_reason": word} if word is not None else {}
    return {**_envelope(turn, message, done=turn.complete), **reason, **rest, **written_usage(turn.usage)}


def _failed(error: Any) -> JsonObject:
    return {"error": error.get("message", ""), **without(dict(error), "message")}
