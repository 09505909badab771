"""A request to Ollama's chat API in neutral words, and one that asks what a prompt says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from agent_chaos.providers.json_values import JsonObject, compact, fields, items, non_empty, text_of, without
from agent_chaos.providers.ollama.reading import StreamReading
from agent_chaos.providers.parts.chat_prompt import function_spec, function_tools, system_message
from agent_chaos.providers.parts.nearest_object import nearest_object
from agent_chaos.providers.turn import Message, Prompt, Text, ToolCall, ToolResult, system_texts
from agent_chaos.stream.exchange import Request

_ROLES: dict[str, Literal["system", "user", "assistant", "tool"]] = {
    "system": "system",
    "assistant": "assistant",
    "tool": "tool",
}


def streaming(request: Request) -> bool:
    """Whether the request asks for a stream, which is the API's default."""
    # Unlike every other API here: a request without the field is a request for a stream.
    return fields(request.json).get("stream") is not False


def prompt(request: Request) -> Prompt:
    """The request in neutral words; system messages stand in `system` and keep their place among the messages."""
    body = fields(request.json)
    messages = tuple(_message(fields(one)) for one in items(body.get("messages")))
    tools = tuple(function_spec(fields(fields(one).get("function"))) for one in items(body.get("tools")))
    return Prompt(
        text_of(body.get("model")), "\n".join(system_texts(messages)), messages, tools, streaming(request)
    )


def request_of(asked: Prompt) -> Request:
    """A request to a server on this machine that asks this."""
    messages = system_message(asked) + [one for message in asked.messages for one in _written(message)]
    body = {
        "model": asked.model,
        "messages": messages,
        **non_empty(tools=function_tools(asked.tools)),
        "stream": asked.stream,
    }
    headers = (("content-type", "application/json"),)
    return Request("POST", "http://localhost:11434/api/chat", headers, compact(body).encode())


def _message(raw: JsonObject) -> Message:
    role = _ROLES.get(text_of(raw.get("role")), "user")
    if role == "tool":
        name, call_id = text_of(raw.get("tool_name")), text_of(raw.get("tool_call_id"))
        rest = without(raw, "role", "content", "tool_name", "tool_call_id")
        return Message(role, (ToolResult(call_id, name, text_of(raw.get("content")), extra=rest),))
    reading = StreamReading()
    reading.take({"message": raw})
    return Message(role, reading.turn(streamed=False).parts)


def _written(message: Message) -> Iterator[JsonObject]:
    results = [part for part in message.parts if isinstance(part, ToolResult)]
    for one in results:
        named = non_empty(tool_name=one.name, tool_call_id=one.call_id)
        yield {"role": "tool", "content": one.content, **named}
    text = "".join(part.text for part in message.parts if isinstance(part, Text))
    calls = [_call(part) for part in message.parts if isinstance(part, ToolCall)]
    if text or calls or not results:
        yield {"role": message.role, "content": text, **non_empty(tool_calls=calls)}


def _call(call: ToolCall) -> JsonObject:
    function = {"name": call.name, "arguments": nearest_object(call.arguments)}
    return {**non_empty(id=call.id), "function": function}
