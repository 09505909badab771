"""Model turns as each provider sends them, and the requests that ask for them."""

from __future__ import annotations

import json
from typing import Any

from agent_chaos.faults.fault import Target
from agent_chaos.providers.registry import protocols
from agent_chaos.stream.exchange import Reply, Request, reply
from tests.standin import anthropic_wire, chat_wire, gemini_wire, responses_wire
from tests.standin.said import Asked, Said

MODELS = {
    "anthropic_messages": "claude-sonnet-5",
    "openai_chat": "gpt-5-mini",
    "openai_responses": "gpt-5-mini",
    "gemini": "gemini-3-flash",
}
_WIRES = {
    "anthropic_messages": anthropic_wire,
    "openai_chat": chat_wire,
    "openai_responses": responses_wire,
    "gemini": gemini_wire,
}
_URLS = {
    "anthropic_messages": "https://api.anthropic.com/v1/messages",
    "openai_chat": "https://api.openai.com/v1/chat/completions",
    "openai_responses": "https://api.openai.com/v1/responses",
}
_GEMINI = "https://generativelanguage.googleapis.com/v1beta/models/gemini-3-flash:"
HEAD_AT = 0.4
GAP_S = 0.02


def spoken(protocol: str, said: Said, number: int = 0, *, stream: bool) -> Reply:
    """The reply with a model turn: head after 0.4 s, then a chunk every 0.02 s."""
    wire, asked = _WIRES[protocol], Asked(protocol, MODELS[protocol], {}, stream, 0)
    chunks = list(wire.frames(asked, said, number)) if stream else [wire.whole(asked, said, number)]
    length = [] if stream else [("Content-Length", str(len(chunks[0])))]
    return reply(200, [*wire.headers(asked, number), *length], chunks, at=HEAD_AT, gap_s=GAP_S)


def request(protocol: str, *, stream: bool) -> Request:
    """A request of one question."""
    content = json.dumps(_body(protocol, stream)).encode()
    verb = "streamGenerateContent?alt=sse" if stream else "generateContent"
    url = _URLS.get(protocol, f"{_GEMINI}{verb}")
    return Request("POST", url, (("content-type", "application/json"),), content)


def target(protocol: str, said: Said, *, stream: bool) -> Target:
    """What a wire fault acts on when the model says this."""
    return Target(
        request(protocol, stream=stream), spoken(protocol, said, stream=stream), protocols()[protocol]
    )


_AMOUNT = {"type": "number", "minimum": 0, "maximum": 5000}
_TOOLS = {
    name: {
        "type": "object",
        "properties": {"order": {"type": "string"}, "amount": _AMOUNT},
        "required": ["order"],
    }
    for name in ("look_up", "refund")
}


def _body(protocol: str, stream: bool) -> dict[str, Any]:
    if protocol == "gemini":
        declared = [{"name": name, "parametersJsonSchema": schema} for name, schema in _TOOLS.items()]
        asked: dict[str, Any] = {"contents": [{"role": "user", "parts": [{"text": "go"}]}]}
        return {**asked, "tools": [{"functionDeclarations": declared}]}
    asked = {"model": MODELS[protocol], "stream": stream}
    if protocol == "openai_responses":
        tools = [{"type": "function", "name": name, "parameters": schema} for name, schema in _TOOLS.items()]
        return {**asked, "input": "go", "tools": tools}
    asked |= {"max_tokens": 99, "messages": [{"role": "user", "content": "go"}]}
    if protocol == "openai_chat":
        functions = [{"name": name, "parameters": schema} for name, schema in _TOOLS.items()]
        return {**asked, "tools": [{"type": "function", "function": one} for one in functions]}
    return {**asked, "tools": [{"name": name, "input_schema": schema} for name, schema in _TOOLS.items()]}
