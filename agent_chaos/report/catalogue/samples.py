"""Replies of every protocol for the catalogue to try faults on: what a fault can act on is asked, never declared."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import product
from typing import Any

from agent_chaos.faults.fault import Target, ToolTarget
from agent_chaos.providers.protocol import ModelTurn, Reasoning, Text, ToolCall, Usage, WireProtocol
from agent_chaos.providers.registry import protocols
from agent_chaos.stream.exchange import Reply, Request, reply
from agent_chaos.stream.sse import frames

_SAID = Text('Grüße, "Köln": 20 € gehen zurück.', pieces=(0, 8, 8, 8, 8))
_MORE = Text(" Bis morgen!", pieces=(12,))
_SIGNATURE = "EqQBCgIYAhIM1gbcDa9GJwZA2b3h"
_THOUGHT = Reasoning(
    "A return.",
    {
        "signature": _SIGNATURE,
        "item": {"id": "rs_1", "type": "reasoning", "summary": [], "encrypted_content": _SIGNATURE},
        "part": {"text": "", "thought": True, "thoughtSignature": _SIGNATURE},
    },
    (9,),
)
_CALLED = (
    ToolCall(
        "call_a1", "look_up", '{"order": "A-17 \\"Köln\\"\\n", "deep": {"x": [1, 2.5]}, "amount": 1500}'
    ),
    ToolCall("call_b2", "refund", '{"order": "B-2", "amount": 20}'),
)
_STREAM = (("content-type", "text/event-stream"),)
_JSON = (("content-type", "application/json"),)
TOOL = ToolTarget("look_up", {"order": "A-17"}, {"order": "A-17", "total": 1500, "notes": ["returned"]})
"""A call of a tool that gave a JSON object."""


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
    """Every protocol, whole and streamed, with a text, with two tool calls and with a signed thought."""
    return tuple(_samples())


def _samples() -> Iterator[Sample]:
    said = ModelTurn(parts=(_SAID,), stop="end")
    called = ModelTurn(parts=(Text("Moment.", pieces=(3, 4)), *_CALLED), stop="tool_use")
    thought = ModelTurn(parts=(_THOUGHT, _SAID), stop="end")
    for (name, wire), streamed, turn in product(protocols().items(), (False, True), (said, called, thought)):
        yield Sample(name, Target(_request(name), _spoken(wire, turn, streamed=streamed), wire))


def _spoken(wire: WireProtocol, turn: ModelTurn, *, streamed: bool) -> Reply:
    """The turn as the protocol writes it, a stream with an event a chunk."""
    minted = replace(turn, usage=Usage(12, 7), id="reply_1", model="model-1", streamed=streamed)
    if streamed:
        return reply(200, _STREAM, _events(wire, minted), at=0.4, gap_s=0.02)
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
    return [one.raw for one in frames(wire.render(turn, reply(200, _STREAM, [b""])).body)]


def _request(protocol: str) -> Request:
    continued = {"previous_response_id": "resp_0", "thread": {"previous_message_id": "msg_0"}}
    tools = [_declared(call.name) for call in _CALLED]
    body = json.dumps({"tools": tools, **continued, **_answered(protocol)}).encode()
    return Request("POST", f"https://{protocol.replace('_', '-')}.invalid/", (), body)


def _answered(protocol: str) -> dict[str, Any]:
    """A conversation whose last words are the result of a tool call, as a protocol has it."""
    name, given = "track", {"number": "7"}
    text = json.dumps(given)
    match protocol:
        case "anthropic_messages":
            call = {"type": "tool_use", "id": "toolu_1", "name": name, "input": given}
            result = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "on its way"}
            return {
                "messages": [{"role": "assistant", "content": [call]}, {"role": "user", "content": [result]}]
            }
        case "openai_chat":
            asked = {"id": "call_1", "type": "function", "function": {"name": name, "arguments": text}}
            told = {"role": "tool", "tool_call_id": "call_1", "content": "on its way"}
            return {"messages": [{"role": "assistant", "tool_calls": [asked]}, told]}
        case "openai_responses":
            item = {"type": "function_call", "call_id": "call_1", "name": name, "arguments": text}
            output = {"type": "function_call_output", "call_id": "call_1", "output": "on its way"}
            return {"input": [item, output]}
        case _:
            parts = [{"functionCall": {"name": name, "args": given}}]
            answer = [{"functionResponse": {"name": name, "response": {"result": "on its way"}}}]
            return {"contents": [{"role": "model", "parts": parts}, {"role": "user", "parts": answer}]}


def _declared(name: str) -> dict[str, Any]:
    """A tool's declaration in the words of every protocol at once: each reads its own."""
    amount, order = {"type": "number", "maximum": 5_000}, {"type": "string"}
    schema = {"type": "object", "properties": {"order": order, "amount": amount}}
    named = {"name": name, "parameters": schema}
    return {
        "type": "function",
        **named,
        "input_schema": schema,
        "function": named,
        "functionDeclarations": [named],
    }
