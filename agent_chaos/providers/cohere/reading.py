"""The event stream of Cohere's chat API read into a turn.

Source: https://docs.cohere.com/v2/docs/streaming and https://docs.cohere.com/v2/docs/tool-use-streaming. Of a turn's `extra`,
`$started` is the rest of `message-start` (False where none came), `$end` the rest of `message-end`, `$open` says that the last part was
not closed, and `$events` are frames without a neutral meaning (citations, `[DONE]`): how many parts had begun before them, and of the last of those,
where it was still open, how many deltas; else `BETWEEN`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from agent_chaos.providers.cohere.blocks import BLOCKS, PLAN, block, call, text_key
from agent_chaos.providers.cohere.stop_reasons import STOPS, read_usage
from agent_chaos.providers.json_values import JsonObject, fields, loaded, text_of, without
from agent_chaos.providers.parts.splicing import silent
from agent_chaos.providers.turn import Delta, ModelTurn, Part, Reasoning, Text, ToolCall
from agent_chaos.stream.framing.framing import Frame

ENDED = BETWEEN = -1


@dataclass(slots=True)
class _Begun:
    """A part while its deltas arrive; `index` is the one that its events claim."""

    part: Part
    index: Any
    pieces: list[str] = field(default_factory=list)
    closed: bool = False

    def whole(self, expected: int) -> Part:
        """The part as far as it was read."""
        text = "".join(self.pieces)
        claimed = {} if self.index == expected or self.part.extra == PLAN else {"$index": self.index}
        extra, lengths = {**self.part.extra, **claimed}, tuple(map(len, self.pieces))
        match self.part:
            case ToolCall():
                return replace(self.part, arguments=self.part.arguments + text, extra=extra, pieces=lengths)
            case Text() | Reasoning():
                return replace(self.part, text=self.part.text + text, extra=extra, pieces=lengths)
            case _:
                return replace(self.part, extra=extra)


@dataclass(slots=True)
class StreamReading:
    """A stream while it is being read; `deltas` is what each frame added."""

    begun: list[_Begun] = field(default_factory=list)
    deltas: list[Delta | None] = field(default_factory=list)
    start: JsonObject | None = None
    end: JsonObject | None = None
    events: list[list[Any]] = field(default_factory=list)

    def read(self, found: Iterable[Frame]) -> StreamReading:
        """Take in every frame."""
        for one in found:
            self.deltas.append(None if silent(one) else self._take(one))
        return self

    def turn(self) -> ModelTurn:
        """What was said."""
        start, end = fields(self.start), fields(self.end)
        ending = fields(end.get("delta"))
        word, failed = ending.get("finish_reason"), ending.get("error")
        return ModelTurn(
            tuple(self._parts()),
            STOPS.neutral(word),
            word if isinstance(word, str) else None,
            read_usage(ending.get("usage")),
            text_of(start.get("id")),
            "",
            self.end is not None,
            {"message": failed} if failed is not None else None,
            True,
            self._extra(start, end, ending),
        )

    def _parts(self) -> Iterable[Part]:
        counted = {True: 0, False: 0}
        for one in self.begun:
            is_call = isinstance(one.part, ToolCall)
            yield one.whole(counted[is_call])
            counted[is_call] += one.part.extra != PLAN

    def _extra(self, start: JsonObject, end: JsonObject, ending: JsonObject) -> JsonObject:
        begins = without(start, "id", "type") if self.start is not None else False
        extra: JsonObject = {"$started": begins}
        if self.end is not None:
            rest = without(ending, "finish_reason", "usage", "error")
            extra["$end"] = {**without(end, "type"), "delta": rest}
        if self.begun and not self.begun[-1].closed:
            extra["$open"] = True
        return extra | ({"$events": self.events} if self.events else {})

    def _take(self, one: Frame) -> Delta | None:
        event = fields(loaded(one.data))
        message = fields(fields(event.get("delta")).get("message"))
        kind, index = text_of(event.get("type")), event.get("index")
        match kind:
            case "message-start" if self.start is None:
                self.start = event
            case "tool-plan-delta":
                return self._planned(text_of(message.get("tool_plan")))
            case "content-start":
                self.begun.append(_Begun(_begun_block(message.get("content")), index))
            case "tool-call-start":
                self.begun.append(_Begun(call(message.get("tool_calls")), index))
            case "content-delta":
                told = fields(message.get("content"))
                text = self._open(index, calls=False) or self._unannounced(_text_with(told), index)
                return self._added(text, told)
            case "tool-call-delta":
                asked = self._open(index, calls=True) or self._unannounced(ToolCall("", "", ""), index)
                return self._added(asked, fields(fields(message.get("tool_calls")).get("function")))
            case "content-end" | "tool-call-end" if found := self._open(index, calls=kind[0] == "t"):
                found.closed = True
            case "message-end" if self.end is None:
                self.end = event
            case _:
                self.events.append([*self._place(), one.event, one.data])
        return None

    def _place(self) -> tuple[int, int]:
        if self.end is not None:
            return ENDED, BETWEEN
        inside = bool(self.begun) and not self.begun[-1].closed
        return len(self.begun), len(self.begun[-1].pieces) if inside else BETWEEN

    def _planned(self, text: str) -> Delta:
        # The plan has no events that begin and end it.
        if not self.begun or self.begun[-1].part.extra != PLAN:
            self.begun.append(_Begun(Reasoning("", PLAN), None, closed=True))
        self.begun[-1].pieces.append(text)
        return Delta(len(self.begun) - 1, text)

    def _added(self, found: _Begun, told: JsonObject) -> Delta | None:
        match found.part:
            case ToolCall():
                key = "arguments"
            case Text() | Reasoning() as part:
                key = text_key(part)
            case _:
                return None
        text = text_of(told.get(key))
        found.pieces.append(text)
        return Delta(next(at for at, one in enumerate(self.begun) if one is found), text)

    def _unannounced(self, part: Text | Reasoning | ToolCall, index: Any) -> _Begun:
        # The SDK passes events on one by one, so that its user hears what no event has begun.
        self.begun.append(_Begun(replace(part, extra={"$unannounced": True}), index))
        return self.begun[-1]

    def _open(self, index: Any, *, calls: bool) -> _Begun | None:
        """The newest part of that index which is not closed; a faulted stream may claim one twice."""
        fit = (one for one in reversed(self.begun) if isinstance(one.part, ToolCall) is calls)
        return next(
            (one for one in fit if one.index == index and not one.closed and one.part.extra != PLAN), None
        )


def _text_with(told: JsonObject) -> Text | Reasoning:
    return Reasoning("") if "thinking" in told else Text("")


def _begun_block(raw: Any) -> Part:
    # A block begins with its text empty, and one of thinking may name no text at all.
    known = fields(raw)
    kind = text_of(known.get("type"))
    return block({kind: "", **known} if kind in BLOCKS else raw)
