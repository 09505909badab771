"""Replies of Ollama read into a turn: one JSON object, or one a line.

A turn's `extra` holds the rest of the last object, `$message` the rest of its message, and `$ends_with_text` where the last
line says more than that it is the last; a part's `extra` holds `$beside` where it came in one line with the part before it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from agent_chaos.providers.json_values import JsonObject, compact, fields, items, text_of, without
from agent_chaos.providers.ollama.stop_reasons import COUNTS, STOPS, read_usage
from agent_chaos.providers.turn import Delta, ModelTurn, Part, Reasoning, Text, ToolCall

_TEXTS: dict[str, type[Text] | type[Reasoning]] = {"thinking": Reasoning, "content": Text}
_SAID = ("model", "created_at", "message", "done", "done_reason", "error", *COUNTS)


@dataclass(slots=True)
class StreamReading:
    """Objects while they are being read; `deltas` is what each adds, the first part where it adds to several."""

    parts: list[Part] = field(default_factory=list)
    deltas: list[Delta | None] = field(default_factory=list)
    texts: list[list[str]] = field(default_factory=list)
    last: JsonObject = field(default_factory=dict)
    first: JsonObject = field(default_factory=dict)
    error: JsonObject | None = None

    def take(self, body: JsonObject) -> None:
        """Take in the next object."""
        said = list(self._said(fields(body.get("message"))))
        self.deltas.append(said[0] if said else None)
        if "error" in body:
            told = body["error"]
            self.error = {
                "message": told if isinstance(told, str) else compact(told),
                **without(body, "error"),
            }
        elif body:
            self.first = self.first or body
            self.last = body

    def _said(self, message: JsonObject) -> Iterable[Delta]:
        alone = True
        for key, kind in _TEXTS.items():
            if text := text_of(message.get(key)):
                yield self._text(kind, text, beside=not alone)
                alone = False
        for call in map(fields, items(message.get("tool_calls"))):
            yield self._call(call, beside=not alone)
            alone = False

    def _text(self, kind: type[Text] | type[Reasoning], text: str, *, beside: bool) -> Delta:
        # Thinking and text come in turns, not by an index: a change of kind begins a part.
        if not self.parts or type(self.parts[-1]) is not kind:
            self.parts.append(kind("", {"$beside": True} if beside else {}))
            self.texts.append([])
        self.texts[-1].append(text)
        return Delta(len(self.parts) - 1, text)

    def _call(self, call: JsonObject, *, beside: bool) -> Delta:
        function = fields(call.get("function"))
        # An object on the wire, whole in one line: https://github.com/ollama/ollama/blob/main/docs/api.md.
        # There are no fragments.
        arguments = compact(function.get("arguments", {}))
        rest = {**without(call, "id", "function"), "$function": without(function, "name", "arguments")}
        extra = {name: one for name, one in rest.items() if one != {}} | ({"$beside": True} if beside else {})
        told = ToolCall(text_of(call.get("id")), text_of(function.get("name")), arguments, extra)
        self.parts.append(replace(told, pieces=(len(arguments),)))
        self.texts.append([])
        return Delta(len(self.parts) - 1, arguments)

    def turn(self, *, streamed: bool) -> ModelTurn:
        """What was said."""
        word = self.last.get("done_reason")
        parts = tuple(map(_joined, self.parts, self.texts))
        return ModelTurn(
            parts,
            STOPS.neutral(word, parts),
            word if isinstance(word, str) else None,
            read_usage(self.last),
            "",
            text_of(self.first.get("model")),
            # `done` is what ends a stream; a connection that closes without it was cut.
            self.error is None and self.last.get("done") is True,
            self.error,
            streamed,
            self._extra(streamed=streamed),
        )

    def _extra(self, *, streamed: bool) -> JsonObject:
        message = without(fields(self.last.get("message")), *_TEXTS, "tool_calls")
        begun = {name: self.first[name] for name in ("created_at",) if name in self.first}
        says_more = streamed and bool(self.deltas) and self.deltas[-1] is not None
        ends = {"$ends_with_text": True} if says_more else {}
        return {**without(self.last, *_SAID), "$message": message, **begun, **ends}


def _joined(part: Part, texts: list[str]) -> Part:
    if isinstance(part, Text | Reasoning):
        return replace(part, text="".join(texts), pieces=tuple(map(len, texts)))
    return part
