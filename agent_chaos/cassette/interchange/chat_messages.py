"""Messages in the shape of Chat Completions, in which most tools write down what any model was asked and said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from agent_chaos.providers.json_values import compact, fields, items, text_of
from agent_chaos.providers.registry import protocols
from agent_chaos.providers.turn import ModelTurn, Opaque, Part, Prompt, ToolResult, Usage
from agent_chaos.stream.exchange import Request, reply

_CHAT = "https://api.openai.com/v1/chat/completions"
_JSON = (("content-type", "application/json"),)


def prompt_of_chat(body: Mapping[str, Any]) -> Prompt:
    """What a request of Chat Completions asks, for any protocol. Raises ValueError where it holds no messages."""
    if not items(body.get("messages")):
        raise ValueError("it holds no messages")
    read = protocols()["openai_chat"].prompt(Request("POST", _CHAT, _JSON, compact(dict(body)).encode()))
    messages = (replace(one, parts=tuple(map(_neutral, one.parts))) for one in read.messages)
    return replace(read, messages=tuple(one for one in messages if one.role != "system"), stream=False)


def turn_of_chat(message: Any, *, model: str, id: str, usage: Usage) -> ModelTurn:
    """What a message of Chat Completions says. Raises ValueError where it is none."""
    known = {"role": "assistant", "content": message} if isinstance(message, str) else fields(message)
    if not known:
        raise ValueError("it holds no answer")
    reason = "tool_calls" if known.get("tool_calls") else "stop"
    body = {"id": id, "choices": [{"index": 0, "finish_reason": reason, "message": known}]}
    turn = protocols()["openai_chat"].read(reply(200, _JSON, [compact(body).encode()]))
    parts = tuple(part for part in map(_neutral, turn.parts) if not isinstance(part, ToolResult))
    return ModelTurn(parts=parts, stop=turn.stop, usage=usage, id=id, model=model)


def chat_tool(told: Mapping[str, Any]) -> dict[str, Any]:
    """A tool as Chat Completions lists it; Anthropic and others write its fields without a `function` around them."""
    if told.get("function"):
        return dict(told)
    schema = told.get("input_schema") or told.get("parameters") or {}
    made = {"name": text_of(told.get("name")), "description": told.get("description"), "parameters": schema}
    return {"type": "function", "function": {key: one for key, one in made.items() if one is not None}}


def descriptions(tools: Any) -> dict[str, str]:
    """What tools of a request say of themselves, by name."""
    told = [fields(fields(tool).get("function")) for tool in items(tools)]
    return {text_of(one.get("name")): text_of(one["description"]) for one in told if one.get("description")}


def _neutral(part: Part | ToolResult) -> Part | ToolResult:
    """A part without the fields of Chat Completions, which other protocols would take for their own."""
    return part if isinstance(part, Opaque) else replace(part, extra={})
