"""The event stream of Converse, read into a turn.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html. A turn's `extra` holds what stands
beside the counts and the reason to stop, `$message` the rest of the message, and, of a stream, `$started` False where no
`messageStart` came, `$open` where the last block was not closed, and `$events`: events without a neutral meaning, as [how
many parts had begun, name, data].
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from agent_chaos.providers.bedrock_converse.blocks import OpenBlock, part_of
from agent_chaos.providers.bedrock_converse.stop_reasons import STOPS, read_usage
from agent_chaos.providers.json_values import JsonObject, fields, items, loaded, text_of, without
from agent_chaos.providers.turn import Delta, ModelTurn
from agent_chaos.stream.framing.framing import Frame

PADDING = "p"
"""What every event is filled up with, so that its length does not tell what it says."""


def turn_of_body(body: JsonObject) -> ModelTurn:
    """A whole body as a turn."""
    message, word = fields(fields(body.get("output")).get("message")), body.get("stopReason")
    parts = tuple(part_of(fields(one)) for one in items(message.get("content")))
    extra = without(body, "output", "stopReason", "usage") | {"$message": without(message, "content")}
    # Services of AWS spell the field in both ways, and botocore reads both.
    failed = body if "output" not in body and ("message" in body or "Message" in body) else None
    return ModelTurn(
        parts,
        STOPS.neutral(word, parts),
        word if isinstance(word, str) else None,
        read_usage(body.get("usage")),
        error=failed,
        extra={} if failed else extra,
    )


@dataclass(slots=True)
class StreamReading:
    """An event stream while it is being read; `deltas` is what each frame added."""

    blocks: list[OpenBlock] = field(default_factory=list)
    deltas: list[Delta | None] = field(default_factory=list)
    message: JsonObject | None = None
    stop: JsonObject | None = None
    counted: JsonObject = field(default_factory=dict)
    error: JsonObject | None = None
    events: list[list[Any]] = field(default_factory=list)

    def read(self, found: Iterable[Frame]) -> StreamReading:
        """Take in every frame."""
        for one in found:
            self.deltas.append(self._take(one) if one.complete else None)
        return self

    def turn(self) -> ModelTurn:
        """What was said."""
        word = (self.stop or {}).get("stopReason")
        parts = tuple(block.part(position) for position, block in enumerate(self.blocks))
        return ModelTurn(
            parts,
            STOPS.neutral(word, parts),
            word if isinstance(word, str) else None,
            read_usage(self.counted.get("usage")),
            complete=self.stop is not None and self.error is None,
            error=self.error,
            streamed=True,
            extra=self._extra(),
        )

    def _extra(self) -> JsonObject:
        beside = without(self.stop or {}, "stopReason") | without(self.counted, "usage")
        extra = {**beside, "$message": self.message or {}}
        extra |= {"$started": False} if self.message is None else {}
        extra |= {"$open": True} if self.blocks and not self.blocks[-1].closed else {}
        return extra | ({"$events": self.events} if self.events else {})

    def _take(self, one: Frame) -> Delta | None:
        value = loaded(one.data)
        payload = without(fields(value), PADDING)
        match one.event if isinstance(value, dict) else "":
            # A second one, as faults repeat it, is kept like an event that nobody knows.
            case "messageStart" if self.message is None:
                self.message = payload
            case "contentBlockStart":
                start = fields(payload.get("start"))
                self.blocks.append(OpenBlock(payload.get("contentBlockIndex"), start))
            case "contentBlockDelta" if block := self._block(payload) or self._begun(payload):
                return self._added(block, payload)
            case "contentBlockStop":
                if block := self._block(payload):
                    block.closed = True
            case "messageStop":
                self.stop = payload
            case "metadata":
                self.counted = payload
            case name if name.endswith("Exception"):
                self.error = self.error or {"type": name, **payload}
            case _:
                self.events.append([len(self.blocks), one.event, one.data])
        return None

    def _begun(self, payload: JsonObject) -> OpenBlock | None:
        """The block that a delta begins: texts and thoughts have no event that does; calls have, and are none without it."""
        if "toolUse" in fields(payload.get("delta")):
            return None
        self.blocks.append(OpenBlock(payload.get("contentBlockIndex"), None))
        return self.blocks[-1]

    def _added(self, block: OpenBlock, payload: JsonObject) -> Delta | None:
        text = block.add(fields(payload.get("delta")))
        position = next(i for i, one in enumerate(self.blocks) if one is block)
        return None if text is None else Delta(position, text)

    def _block(self, payload: JsonObject) -> OpenBlock | None:
        """The newest block of that index that still takes deltas."""
        index = payload.get("contentBlockIndex")
        return next((one for one in reversed(self.blocks) if one.index == index and not one.closed), None)


def name_of_error(error: Any) -> str:
    """The name of the event that reports an error in a running stream."""
    return text_of(fields(dict(error)).get("type")) or "internalServerException"
