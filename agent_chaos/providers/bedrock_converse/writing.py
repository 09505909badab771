"""A turn written as Converse writes it: one JSON object, or an event stream. `reading` says what `extra` holds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from agent_chaos.providers.bedrock_converse.blocks import block_of, block_start, deltas_of
from agent_chaos.providers.bedrock_converse.reading import name_of_error
from agent_chaos.providers.bedrock_converse.stop_reasons import STOPS, written_usage
from agent_chaos.providers.json_values import JsonObject, fields, loaded, without
from agent_chaos.providers.parts.frames import json_frame
from agent_chaos.providers.turn import ModelTurn
from agent_chaos.stream.framing.aws_events import AWS_EVENTS

_WITH_STOP = ("additionalModelResponseFields",)
"""What stands beside the reason to stop of a stream; all else of a reply stands beside its counts."""


def whole(turn: ModelTurn) -> JsonObject:
    """The turn as one object."""
    if turn.error is not None:
        return without(dict(turn.error), "type")
    message = {"role": "assistant", **_message(turn), "content": [block_of(part) for part in turn.parts]}
    stop = {"stopReason": STOPS.word(turn)} if turn.stop is not None else {}
    usage = {"usage": written_usage(turn.usage)} if turn.usage else {}
    return {"output": {"message": message}, **stop, **usage, **_beside(turn)}


def stream(turn: ModelTurn) -> bytes:
    """The turn as an event stream."""
    return b"".join(json_frame(value, event=name, framing=AWS_EVENTS) for name, value in _events(turn))


def _events(turn: ModelTurn) -> Iterator[tuple[str, Any]]:
    if turn.extra.get("$started", True):
        yield "messageStart", {"role": "assistant", **_message(turn)}
    yield from _unknown(turn, 0)
    for position, part in enumerate(turn.parts):
        index = {"contentBlockIndex": part.extra.get("$index", position)}
        start = block_start(part)
        if start is not None:
            yield "contentBlockStart", {"start": start, **index}
        for delta in deltas_of(part):
            yield "contentBlockDelta", {"delta": delta, **index}
        if position < len(turn.parts) - 1 or not turn.extra.get("$open"):
            yield "contentBlockStop", index
        yield from _unknown(turn, position + 1)
    yield from _ending(turn)


def _ending(turn: ModelTurn) -> Iterator[tuple[str, Any]]:
    beside = _beside(turn)
    if turn.stop is not None or turn.complete:
        with_stop = {name: beside[name] for name in _WITH_STOP if name in beside}
        yield "messageStop", {"stopReason": STOPS.word(turn), **with_stop}
    counted = {"usage": written_usage(turn.usage)} if turn.usage else {}
    # Behind the reason to stop: a client that leaves at `messageStop` never learns what it cost.
    if told := {**counted, **without(beside, *_WITH_STOP)}:
        yield "metadata", told
    if turn.error is not None:
        yield name_of_error(turn.error), without(dict(turn.error), "type")


def _unknown(turn: ModelTurn, place: int) -> Iterator[tuple[str, Any]]:
    for at, name, data in turn.extra.get("$events", []):
        if min(at, len(turn.parts)) == place:
            yield name, loaded(data)


def _message(turn: ModelTurn) -> JsonObject:
    return fields(turn.extra.get("$message"))


def _beside(turn: ModelTurn) -> JsonObject:
    return {name: one for name, one in turn.extra.items() if not name.startswith("$")}
