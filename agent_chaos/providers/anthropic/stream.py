"""The event stream of the Messages API: read into a turn, and written from one.

Source: https://platform.claude.com/docs/en/build-with-claude/streaming. Like the SDK, only frames with an `event` line
count. Keys of `extra` that begin with `$` say what a whole body has no place for: `$started` is False where no
`message_start` came, `$delta` is the rest of `message_delta`, `$open` says that the last block was not closed, `$error`
is the rest of an error event, `$events` are frames without a neutral meaning and how many parts had begun before them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from agent_chaos.providers.anthropic.blocks import OpenBlock, block_start, deltas_of
from agent_chaos.providers.anthropic.stop_reasons import STOPS, stream_usage, written_usage
from agent_chaos.providers.json_values import compact, fields, loaded, text_of, without
from agent_chaos.providers.turn import Delta, ModelTurn
from agent_chaos.stream.exchange import Reply
from agent_chaos.stream.framing.aws_chunks import AWS_CHUNKS
from agent_chaos.stream.framing.framing import Frame, Framing
from agent_chaos.stream.framing.sse import SSE

FRAMINGS: tuple[Framing, ...] = (SSE, AWS_CHUNKS)
"""Of the API's own host and most others, and of Bedrock."""

_ENDED = -1
_AWS_EXCEPTION = "Exception"

_Told = tuple[str, str]
"""The name of an event, and its data."""


def framing_of_stream(reply: Reply) -> Framing | None:
    """How a reply is streamed; None where it is whole."""
    return next((one for one in FRAMINGS if one.holds(reply)), None)


def is_ping(one: Frame) -> bool:
    """Whether a client would not notice a frame."""
    return one.event == "ping" or not one.has_data or not one.complete


@dataclass(slots=True)
class StreamReading:
    """An event stream while it is being read; `turn` is what it said so far, `deltas` what each frame added."""

    blocks: list[OpenBlock] = field(default_factory=list)
    deltas: list[Delta | None] = field(default_factory=list)
    message: dict[str, Any] | None = None
    change: dict[str, Any] | None = None
    failure: dict[str, Any] | None = None
    stopped: bool = False
    events: list[list[Any]] = field(default_factory=list)

    def read(self, found: Iterable[Frame]) -> StreamReading:
        """Take in every frame."""
        for one in found:
            self.deltas.append(None if is_ping(one) else self._take(one))
        return self

    def turn(self) -> ModelTurn:
        """What was said."""
        message, change = self.message or {}, self.change or {}
        word = fields(change.get("delta")).get("stop_reason")
        last = len(self.blocks) - 1
        # A block that another one follows has ended, whether or not its end was sent.
        parts = tuple(block.part(i, closed=block.closed or i < last) for i, block in enumerate(self.blocks))
        return ModelTurn(
            parts,
            STOPS.neutral(word),
            word if isinstance(word, str) else None,
            stream_usage(message.get("usage"), change.get("usage")),
            text_of(message.get("id")),
            text_of(message.get("model")),
            self.stopped,
            None if self.failure is None else self.failure["error"],
            True,
            self._extra(message, change),
        )

    def _extra(self, message: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
        extra = without(message, "id", "model", "content", "stop_reason", "usage")
        if self.message is None:
            extra["$started"] = False
        if self.change is not None:
            changed = without(fields(change.get("delta")), "stop_reason")
            extra["$delta"] = {**without(change, "type", "usage"), "delta": changed}
        if self.blocks and not self.blocks[-1].closed:
            extra["$open"] = True
        if self.failure is not None:
            extra["$error"] = without(self.failure, "error")
        return extra | ({"$events": self.events} if self.events else {})

    def _take(self, one: Frame) -> Delta | None:
        payload = loaded(one.data)
        known = fields(payload)
        # The SDK decides by the name of the event, and passes over frames without one.
        kind = text_of(known.get("type")) if one.event else ""
        match "error" if one.event == "error" else kind:
            # The first one counts, as in the SDK, which makes a new snapshot of the message only then.
            case "message_start" if self.message is None:
                self.message = fields(known.get("message"))
            case "content_block_start":
                index = known.get("index")
                self.blocks.append(OpenBlock(fields(known.get("content_block")), index))
            case "content_block_delta" if block := self._block(known):
                return self._added(block, fields(known.get("delta")))
            case "content_block_stop" if block := self._block(known):
                block.closed = True
            case "message_delta":
                # Token counts here are totals so far, not additions: "the token counts shown in the `usage`
                # field of the `message_delta` event are cumulative",
                # https://platform.claude.com/docs/en/build-with-claude/streaming.
                self.change = _merged(self.change, known)
            case "message_stop":
                self.stopped = True
            case _ if one.event.endswith(_AWS_EXCEPTION) and self.failure is None:
                self.failure = {"error": {"type": one.event, **known}}
            case "error" if self.failure is None:
                told = known.get("error", one.data)
                self.failure = {**known, "error": told if isinstance(told, dict) else {"message": told}}
            case _:
                # Kept, not refused: "we may add new event types, and your code should handle unknown event
                # types gracefully" (the same page).
                self.events.append([self._place(), one.event, one.data])
        return None

    def _added(self, block: OpenBlock, delta: dict[str, Any]) -> Delta | None:
        text = block.add(delta)
        position = next(i for i, one in enumerate(self.blocks) if one is block)
        return None if text is None else Delta(position, text)

    def _block(self, payload: dict[str, Any]) -> OpenBlock | None:
        """The newest block of that index that still takes deltas."""
        index = payload.get("index")
        # Indexes are as the server claims them, and a faulted stream may claim one twice.
        return next((one for one in reversed(self.blocks) if one.index == index and not one.closed), None)

    def _place(self) -> int:
        return _ENDED if self.change is not None or self.stopped else len(self.blocks)


def _merged(before: dict[str, Any] | None, change: dict[str, Any]) -> dict[str, Any]:
    """Several `message_delta` events as one: later values win."""
    if before is None:
        return change
    nested: dict[str, Any] = {
        name: {**fields(before.get(name)), **fields(change.get(name))}
        for name in ("delta", "usage")
        if name in before or name in change
    }
    return {**before, **change, **nested}


def written_stream(turn: ModelTurn, newline: str, framing: Framing = SSE) -> bytes:
    """The turn as an event stream."""
    return b"".join(framing.frame(data, event=name, newline=newline) for name, data in _events(turn))


def _events(turn: ModelTurn) -> Iterator[_Told]:
    if turn.extra.get("$started", True):
        yield _event({"type": "message_start", "message": _begun(turn)})
    yield from _unknown(turn, 0)
    for position, part in enumerate(turn.parts):
        index = part.extra.get("$index", position)
        yield _event({"type": "content_block_start", "index": index, "content_block": block_start(part)})
        for delta in deltas_of(part):
            yield _event({"type": "content_block_delta", "index": index, "delta": delta})
        if position < len(turn.parts) - 1 or not turn.extra.get("$open"):
            yield _event({"type": "content_block_stop", "index": index})
        yield from _unknown(turn, position + 1)
    yield from _ending(turn)


def _ending(turn: ModelTurn) -> Iterator[_Told]:
    for at in range(len(turn.parts) + 1, len(turn.parts) + 1 + _dropped(turn)):
        yield from _unknown(turn, at)
    change = turn.extra.get("$delta")
    if change is not None or turn.stop is not None:
        delta = {"stop_reason": STOPS.word(turn), **fields(fields(change).get("delta"))}
        yield _event({"type": "message_delta", **fields(change), "delta": delta} | _counted(turn))
    yield from _unknown(turn, _ENDED)
    if turn.error is not None:
        yield _failed(turn, text_of(turn.error.get("type")))
    if turn.complete:
        yield _event({"type": "message_stop"})


def _failed(turn: ModelTurn, name: str) -> _Told:
    error = dict(turn.error or {})
    if name.endswith(_AWS_EXCEPTION):
        return name, compact(without(error, "type"))
    return _event({"type": "error", **fields(turn.extra.get("$error")), "error": error})


def _begun(turn: ModelTurn) -> dict[str, Any]:
    rest = {key: value for key, value in turn.extra.items() if not key.startswith("$")}
    message: dict[str, Any] = {
        "id": turn.id,
        "type": "message",
        "role": "assistant",
        "model": turn.model,
        "content": [],
    }
    message |= {"stop_reason": None, "stop_sequence": None, **rest}
    start, _ = written_usage(turn.usage)
    return message | ({} if start is None else {"usage": start})


def _counted(turn: ModelTurn) -> dict[str, Any]:
    _, change = written_usage(turn.usage)
    if change is None and turn.usage is not None and "$delta" not in turn.extra:
        change = {"output_tokens": turn.usage.output_tokens}
    return {} if change is None else {"usage": change}


def _dropped(turn: ModelTurn) -> int:
    """How many parts fewer there are than some unknown event counted."""
    counted: list[int] = [event[0] for event in turn.extra.get("$events", [])]
    return max([0, *(one - len(turn.parts) for one in counted)])


def _unknown(turn: ModelTurn, place: int) -> Iterator[_Told]:
    yield from ((event, data) for at, event, data in turn.extra.get("$events", []) if at == place)


def _event(payload: dict[str, Any]) -> _Told:
    return payload["type"], compact(payload)
