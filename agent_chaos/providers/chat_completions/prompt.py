"""A request to Chat Completions in neutral words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Literal

from agent_chaos.providers.chat_completions.message import parts_of
from agent_chaos.providers.chat_completions.tool_calls import call_written
from agent_chaos.providers.json_values import compact, fields, items, non_empty, text_of, without
from agent_chaos.providers.parts.chat_prompt import function_spec, function_tools, system_message
from agent_chaos.providers.turn import (
    Message,
    Opaque,
    Part,
    Prompt,
    Text,
    ToolCall,
    ToolResult,
    ToolSpec,
    system_texts,
)
from agent_chaos.stream.exchange import Request

AZURE = re.compile(r"/openai/deployments/([^/]+)/")
"""The path on Azure, which names the deployment."""

_ROLES: dict[str, Literal["system", "user", "assistant", "tool"]] = {
    "system": "system",
    # The newer name of the same role, for reasoning models:
    # https://platform.openai.com/docs/guides/text#message-roles.
    "developer": "system",
    "assistant": "assistant",
    "tool": "tool",
    # From before `tools`: https://platform.openai.com/docs/api-reference/chat/create#chat-create-functions
    # (deprecated).
    "function": "tool",
}


def prompt(request: Request) -> Prompt:
    """The request in neutral words; system messages stand in `system` and keep their place among the messages."""
    body = fields(request.json)
    azure = AZURE.search(request.path)
    messages = tuple(_messages(items(body.get("messages"))))
    return Prompt(
        text_of(body.get("model")) or (azure[1] if azure else ""),
        "\n".join(system_texts(messages)),
        messages,
        tuple(_tools(body)),
        body.get("stream") is True,
        forced=text_of(fields(fields(body.get("tool_choice")).get("function")).get("name")),
    )


def _messages(raw: list[Any]) -> Iterator[Message]:
    names: dict[str, str] = {}
    for one in map(fields, raw):
        role = _ROLES.get(text_of(one.get("role")), "user")
        parts = (_result(one, names),) if role == "tool" else tuple(_parts(one))
        # A result names its call by id alone; the tool's name stands with the call, some messages before.
        names |= {part.id: part.name for part in parts if isinstance(part, ToolCall)}
        yield Message(role, parts)


def _parts(message: dict[str, Any]) -> Iterable[Part]:
    content = message.get("content")
    if not isinstance(content, list):
        return parts_of(message)
    return [*(_item(fields(one)) for one in content), *parts_of(without(message, "content"))]


def _item(raw: dict[str, Any]) -> Part:
    kind = text_of(raw.get("type"))
    if kind == "text":
        return Text(text_of(raw.get("text")), without(raw, "type", "text"))
    return Opaque(kind, raw)


def _result(message: dict[str, Any], names: dict[str, str]) -> ToolResult:
    call_id, content = text_of(message.get("tool_call_id")), message.get("content")
    texts = [text_of(fields(one).get("text")) for one in items(content) if fields(one).get("type") == "text"]
    blocks = isinstance(content, list) and len(texts) == len(content)
    plain = isinstance(content, str) or content is None or blocks
    said = (text_of(content) or "".join(texts)) if plain else compact(content)
    name = names.get(call_id, "") or text_of(message.get("name"))
    return ToolResult(call_id, name, said, extra=without(message, "role", "tool_call_id", "content", "name"))


def _tools(body: dict[str, Any]) -> Iterator[ToolSpec]:
    for one in map(fields, items(body.get("tools"))):
        yield function_spec(fields(one.get("function") or one.get("custom")))
    for one in map(fields, items(body.get("functions"))):
        yield function_spec(one)


def request_of(prompt: Prompt, url: str, *, counted: bool) -> Request:
    """A request to a URL that asks this; `counted` has a stream asked for token counts."""
    forced = {"type": "function", "function": {"name": prompt.forced}} if prompt.forced else {}
    messages = system_message(prompt) + [one for message in prompt.messages for one in _written(message)]
    # Without it a stream has no token counts at all.
    options = {"include_usage": True} if prompt.stream and counted else {}
    body: dict[str, Any] = {"model": prompt.model, "messages": messages}
    body |= non_empty(
        tools=function_tools(prompt.tools), tool_choice=forced, stream=prompt.stream, stream_options=options
    )
    headers = (("content-type", "application/json"),)
    return Request("POST", url, headers, compact(body).encode())


def _written(message: Message) -> Iterator[dict[str, Any]]:
    results = [part for part in message.parts if isinstance(part, ToolResult)]
    for one in results:
        yield {"role": "tool", "tool_call_id": one.call_id, "content": one.content}
    calls = [call_written(part, part.arguments) for part in message.parts if isinstance(part, ToolCall)]
    text = "".join(part.text for part in message.parts if isinstance(part, Text))
    if text or calls or not results:
        yield {"role": message.role, "content": text or None} | non_empty(tool_calls=calls)
