"""A request to Cohere's chat API in neutral words, and one that asks what a prompt says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from agent_chaos.providers.cohere.blocks import call_of, parts_of
from agent_chaos.providers.json_values import JsonObject, compact, fields, items, non_empty, text_of, without
from agent_chaos.providers.parts.chat_prompt import function_spec, function_tools, system_message
from agent_chaos.providers.turn import Message, Prompt, Text, ToolCall, ToolResult, system_texts
from agent_chaos.stream.exchange import Request

_ROLES: dict[str, Literal["system", "user", "assistant", "tool"]] = {
    "system": "system",
    "assistant": "assistant",
    "tool": "tool",
}


def prompt(request: Request) -> Prompt:
    """The request in neutral words; system messages stand in `system` and keep their place among the messages."""
    body = fields(request.json)
    messages = tuple(_message(fields(one)) for one in items(body.get("messages")))
    tools = tuple(function_spec(fields(fields(one).get("function"))) for one in items(body.get("tools")))
    return Prompt(
        text_of(body.get("model")),
        "\n".join(system_texts(messages)),
        messages,
        tools,
        body.get("stream") is True,
    )


def request_of(asked: Prompt, url: str) -> Request:
    """A request that asks this."""
    messages = system_message(asked) + [one for message in asked.messages for one in _written(message)]
    body = {
        "model": asked.model,
        "messages": messages,
        **non_empty(tools=function_tools(asked.tools)),
        "stream": asked.stream,
    }
    return Request("POST", url, (("content-type", "application/json"),), compact(body).encode())


def _message(raw: JsonObject) -> Message:
    role = _ROLES.get(text_of(raw.get("role")), "user")
    if role != "tool":
        return Message(role, tuple(parts_of(raw)))
    rest = without(raw, "role", "content", "tool_call_id")
    result = ToolResult(text_of(raw.get("tool_call_id")), "", _told(raw.get("content")), extra=rest)
    return Message(role, (result,))


def _told(content: Any) -> str:
    """The text of a result, which may come as documents (https://docs.cohere.com/v2/docs/tool-use-overview)."""
    if isinstance(content, str):
        return content
    return "\n".join(_document(fields(one)) for one in items(content))


def _document(one: JsonObject) -> str:
    data = fields(one.get("document")).get("data", one.get("text", ""))
    return data if isinstance(data, str) else compact(data)


def _written(message: Message) -> Iterator[JsonObject]:
    results = [part for part in message.parts if isinstance(part, ToolResult)]
    for one in results:
        yield {"role": "tool", "tool_call_id": one.call_id, "content": one.content}
    text = "".join(part.text for part in message.parts if isinstance(part, Text))
    calls = [call_of(part) for part in message.parts if isinstance(part, ToolCall)]
    if text or calls or not results:
        yield {"role": message.role, **non_empty(content=text, tool_calls=calls)}
