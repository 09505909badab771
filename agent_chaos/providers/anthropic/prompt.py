"""A request to the Messages API in neutral words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import unquote

from agent_chaos.providers.anthropic.blocks import block_of, part_of
from agent_chaos.providers.json_values import compact, fields, items, non_empty, text_of, without
from agent_chaos.providers.turn import Message, Part, Prompt, Text, ToolCall, ToolResult, ToolSpec
from agent_chaos.stream.exchange import Request

VERTEX = re.compile(r"/publishers/anthropic/models/([^/:]+):(rawPredict|streamRawPredict)$")
"""The path on Vertex AI, which names the model and whether to stream."""

BEDROCK = re.compile(r"/model/([^/]+)/invoke(-with-response-stream)?$")
"""The path on Amazon Bedrock, which names them, too."""


def streaming(request: Request) -> bool:
    """Whether the request asks for an event stream."""
    vertex, bedrock = VERTEX.search(request.path), BEDROCK.search(request.path)
    by_path = (vertex and vertex[2] == "streamRawPredict") or (bedrock and bedrock[2])
    return fields(request.json).get("stream") is True or bool(by_path)


def prompt(request: Request) -> Prompt:
    """The request in neutral words; messages keep the role they have on the wire, also those that hold tool results."""
    body = fields(request.json)
    thread = fields(body.get("thread"))
    return Prompt(
        text_of(body.get("model")) or _model_of(request.path),
        _joined(body.get("system")),
        tuple(_messages(items(body.get("messages")))),
        tuple(_tool(fields(one)) for one in items(body.get("tools"))),
        streaming(request),
        text_of(thread.get("previous_message_id")),
        text_of(fields(body.get("tool_choice")).get("name")),
    )


def on_bedrock(request: Request) -> bool:
    """Whether a request asks for a model of Anthropic's on Bedrock, where other vendors' models have bodies of their own."""
    # The path is that of every model on Bedrock; this field is demanded of Anthropic's, and of no other's.
    return bool(BEDROCK.search(request.path)) and "anthropic_version" in fields(request.json)


def _model_of(path: str) -> str:
    found = VERTEX.search(path) or BEDROCK.search(path)
    return unquote(found[1]) if found else ""


def _messages(raw: list[Any]) -> Iterator[Message]:
    names: dict[str, str] = {}
    for one in map(fields, raw):
        parts = tuple(_parts(one.get("content"), names))
        # A result names its call by id alone; the tool's name stands with the call, some messages before.
        names |= {part.id: part.name for part in parts if isinstance(part, ToolCall)}
        role = one.get("role")
        yield Message("assistant" if role == "assistant" else "system" if role == "system" else "user", parts)


def _parts(content: Any, names: dict[str, str]) -> Iterable[Part | ToolResult]:
    if isinstance(content, str):
        return [Text(content)]
    return [_result(one, names) if _is_result(one) else part_of(one) for one in items(content)]


def _is_result(block: Any) -> bool:
    return fields(block).get("type") == "tool_result"


def _result(block: dict[str, Any], names: dict[str, str]) -> ToolResult:
    call_id, content = text_of(block.get("tool_use_id")), block.get("content")
    texts = [one for one in items(content) if fields(one).get("type") == "text"]
    blocks = isinstance(content, list) and len(texts) == len(content)
    plain = isinstance(content, str) or content is None or blocks
    said = _joined(content) if plain else compact(content)
    rest = without(block, "type", "tool_use_id", "content", "is_error")
    return ToolResult(call_id, names.get(call_id, ""), said, block.get("is_error") is True, rest)


def _joined(content: Any) -> str:
    """Text given as a string or as text blocks."""
    if isinstance(content, str):
        return content
    return "".join(text_of(fields(one).get("text")) for one in items(content))


def _tool(raw: dict[str, Any]) -> ToolSpec:
    return ToolSpec(text_of(raw.get("name")), fields(raw.get("input_schema")))


def request_of(prompt: Prompt) -> Request:
    """A request to the API's own host that asks this."""
    tools = [{"name": one.name, "input_schema": dict(one.parameters)} for one in prompt.tools]
    thread = {"previous_message_id": prompt.previous} if prompt.previous else {}
    forced = {"type": "tool", "name": prompt.forced} if prompt.forced else {}
    body = {"model": prompt.model, "max_tokens": 1024, "messages": [_written(one) for one in prompt.messages]}
    body |= non_empty(
        system=prompt.system, tools=tools, tool_choice=forced, thread=thread, stream=prompt.stream
    )
    headers = (("content-type", "application/json"), ("anthropic-version", "2023-06-01"))
    return Request("POST", "https://api.anthropic.com/v1/messages", headers, compact(body).encode())


def _written(message: Message) -> dict[str, Any]:
    blocks = [
        _result_block(part) if isinstance(part, ToolResult) else block_of(part) for part in message.parts
    ]
    return {"role": "assistant" if message.role == "assistant" else "user", "content": blocks}


def _result_block(result: ToolResult) -> dict[str, Any]:
    told = {"type": "tool_result", "tool_use_id": result.call_id, "content": result.content}
    return told | non_empty(is_error=result.is_error)
