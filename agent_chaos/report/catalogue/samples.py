"""Replies of every protocol for the catalogue to try faults on: what a fault can act on is asked, never declared."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import product

from agent_chaos.cassette.model import ToolEnd
from agent_chaos.faults.fault import Given, Target, ToolTarget
from agent_chaos.providers.plain_http import PLAIN
from agent_chaos.providers.protocol import WireProtocol
from agent_chaos.providers.registry import protocols
from agent_chaos.providers.turn import (
    Message,
    ModelTurn,
    Prompt,
    Reasoning,
    Text,
    ToolCall,
    ToolResult,
    ToolSpec,
    Usage,
)
from agent_chaos.stream.exchange import Reply, Request, reply

# With characters of two and three bytes, quotes and a number: a fault that cuts inside of one has a place
# nowhere else. The first piece is empty, as providers begin some streams.
_SAID = Text('Grüße, "Köln": 20 € gehen zurück.', pieces=(0, 8, 8, 8, 8))
_MORE = Text(" Bis morgen!", pieces=(12,))
_CALLED = (
    ToolCall(
        "call_a1", "look_up", '{"order": "A-17 \\"Köln\\"\\n", "deep": {"x": [1, 2.5]}, "amount": 1500}'
    ),
    ToolCall("call_b2", "refund", '{"order": "B-2", "amount": 20}'),
)
_SCHEMA = {
    "type": "object",
    "properties": {"order": {"type": "string"}, "amount": {"type": "number", "maximum": 5_000}},
}
_JSON = (("content-type", "application/json"),)
_GEMINI = "https://generativelanguage.googleapis.com/v1beta/models/embed:batchEmbedContents"
_VERTEX = (
    "https://europe-west1-aiplatform.googleapis.com/v1/projects/p/locations/europe-west1"
    "/publishers/google/models/text-embedding-005:predict"
)
_VECTORS = {
    "openai_embeddings": (
        "https://api.openai.com/v1/embeddings",
        {"data": [{"index": index, "embedding": [0.6, 0.8]} for index in range(3)]},
    ),
    "gemini_embeddings": (_GEMINI, {"embeddings": [{"values": [0.6, 0.8]}] * 3}),
    "ollama_embeddings": ("http://localhost:11434/api/embed", {"embeddings": [[0.6, 0.8]] * 3}),
    "cohere_embeddings": ("https://api.cohere.com/v2/embed", {"embeddings": {"float": [[0.6, 0.8]] * 3}}),
    "vertex_embeddings": (_VERTEX, {"predictions": [{"embeddings": {"values": [0.6, 0.8]}}] * 3}),
}
"""Of each API of embeddings, what it is asked at and what it gives for three texts."""
TOOL = ToolTarget(
    "look_up",
    {"order": "A-17"},
    ToolEnd({"order": "A-17", "total": 1500, "notes": ["returned"]}),
    others=(
        Given({"order": "A-17"}, {"order": "A-17", "total": 1500, "notes": []}, earlier=True),
        Given({"order": "B-2"}, {"order": "B-2", "total": 20, "notes": []}, earlier=False),
    ),
)
"""A call of a tool that gave a JSON object, and gave others to other calls."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A reply of one protocol, whole or streamed, that says something or calls tools."""

    protocol: str
    target: Target

    @property
    def form(self) -> str:
        return "streamed" if self.target.streamed else "whole"


@cache
def samples() -> tuple[Sample, ...]:
    """Every protocol, whole and streamed, with a text, with two tool calls and with a signed thought; and embeddings."""
    return tuple(_samples())


def _samples() -> Iterator[Sample]:
    said = ModelTurn(parts=(_SAID,), stop="end")
    called = ModelTurn(parts=(Text("Moment.", pieces=(3, 4)), *_CALLED), stop="tool_use")
    for (name, wire), streamed in product(protocols().items(), (False, True)):
        thought = Reasoning("A return.", wire.specifics.signed_reasoning, (9,))
        signed = ModelTurn(parts=(thought, _SAID), stop="end")
        request = _request(wire, streamed=streamed)
        for turn in (said, called, signed):
            yield Sample(name, Target(request, _spoken(wire, turn, streamed=streamed), wire))
    for name, (url, body) in _VECTORS.items():
        vectors = reply(200, _JSON, [json.dumps(body).encode()], at=0.4)
        yield Sample(name, Target(Request("POST", url), vectors, PLAIN))


def _spoken(wire: WireProtocol, turn: ModelTurn, *, streamed: bool) -> Reply:
    """The turn as the protocol writes it, a stream with an event a chunk."""
    minted = replace(turn, usage=Usage(12, 7), id="reply_1", model="model-1", streamed=streamed)
    if streamed:
        headers = (("content-type", wire.framings[0].content_type),)
        return reply(200, headers, _events(wire, minted), at=0.4, gap_s=0.02)
    body = wire.render(minted, reply(200, _JSON, [b""])).body
    return reply(200, [*_JSON, ("content-length", str(len(body)))], [body], at=0.4)


def _events(wire: WireProtocol, turn: ModelTurn) -> list[bytes]:
    """The events of a stream; where the protocol would say all in one, the first text has an event of its own."""
    written = _as_written(wire, turn)
    if len(written) > 1:
        return written
    first = replace(turn, parts=turn.parts[:1], stop=None, usage=None)
    rest, last = replace(first, parts=(_MORE,)), replace(turn, parts=turn.parts[1:] or (_MORE,))
    return [raw for one in (first, rest, last) for raw in _as_written(wire, one)]


def _as_written(wire: WireProtocol, turn: ModelTurn) -> list[bytes]:
    framing = wire.framings[0]
    empty = reply(200, (("content-type", framing.content_type),), [b""])
    return [one.raw for one in framing.frames_of(wire.render(turn, empty))]


def _request(wire: WireProtocol, *, streamed: bool) -> Request:
    """A conversation whose last words are the result of a tool call, and that goes on from what the server has."""
    call = ToolCall("call_1", "track", '{"number": "7"}')
    asked = Message("assistant", (call,))
    told = Message("tool", (ToolResult(call.id, call.name, "on its way"),))
    tools = tuple(ToolSpec(one.name, _SCHEMA) for one in _CALLED)
    return wire.request(Prompt("model-1", "", (asked, told), tools, streamed, previous="before_0"))
