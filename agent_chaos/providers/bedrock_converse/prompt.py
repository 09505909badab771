"""A request to Converse in neutral words, and one that asks what a prompt says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, unquote

from agent_chaos.providers.bedrock_converse.blocks import block_of, part_of
from agent_chaos.providers.json_values import JsonObject, compact, fields, items, non_empty, text_of, without
from agent_chaos.providers.turn import Message, Part, Prompt, ToolCall, ToolResult, ToolSpec
from agent_chaos.stream.exchange import Request

PATH = re.compile(r"/model/([^/]+)/converse(-stream)?/?$")
"""The path names the model and whether to stream."""


def prompt(request: Request) -> Prompt:
    """The request in neutral words; results keep the role of the user, whose messages they stand in."""
    body, path = fields(request.json), PATH.search(request.path)
    config = fields(body.get("toolConfig"))
    tools = (fields(fields(one).get("toolSpec")) for one in items(config.get("tools")))
    return Prompt(
        unquote(path[1]) if path else "",
        "".join(text_of(fields(one).get("text")) for one in items(body.get("system"))),
        tuple(_messages(items(body.get("messages")))),
        tuple(_tool(one) for one in tools if one),
        bool(path and path[2]),
        forced=text_of(fields(fields(config.get("toolChoice")).get("tool")).get("name")),
    )


def request_of(asked: Prompt) -> Request:
    """A request to the service in its first region that asks this."""
    tools = [
        {"toolSpec": {"name": one.name, "inputSchema": {"json": dict(one.parameters)}}} for one in asked.tools
    ]
    forced = {"tool": {"name": asked.forced}} if asked.forced else {}
    body: JsonObject = {"messages": [_written(one) for one in asked.messages if one.role != "system"]}
    body |= non_empty(
        system=[{"text": asked.system}] if asked.system else [],
        toolConfig=non_empty(tools=tools, toolChoice=forced),
    )
    # Names of models hold colons, and ARNs slashes.
    path = f"/model/{quote(asked.model, safe='')}/converse{'-stream' if asked.stream else ''}"
    headers = (("content-type", "application/json"),)
    host = "https://bedrock-runtime.us-east-1.amazonaws.com"
    return Request("POST", host + path, headers, compact(body).encode())


def _messages(raw: list[Any]) -> Iterator[Message]:
    names: dict[str, str] = {}
    for one in map(fields, raw):
        parts = tuple(_part(fields(block), names) for block in items(one.get("content")))
        # A result names its call by id alone; the tool's name stands with the call, a message before.
        names |= {part.id: part.name for part in parts if isinstance(part, ToolCall)}
        yield Message("assistant" if one.get("role") == "assistant" else "user", parts)


def _part(block: JsonObject, names: dict[str, str]) -> Part | ToolResult:
    result = fields(block.get("toolResult"))
    if not result:
        return part_of(block)
    call_id = text_of(result.get("toolUseId"))
    rest = without(result, "toolUseId", "content", "status")
    told = _told(items(result.get("content")))
    return ToolResult(call_id, names.get(call_id, ""), told, result.get("status") == "error", rest)


def _told(content: list[Any]) -> str:
    """A result as text: its texts joined, its JSON alone, or the whole of what is neither."""
    blocks = [fields(one) for one in content]
    if all(isinstance(one.get("text"), str) for one in blocks):
        return "".join(one["text"] for one in blocks)
    if len(blocks) == 1 and "json" in blocks[0]:
        return compact(blocks[0]["json"])
    return compact(content)


def _tool(raw: JsonObject) -> ToolSpec:
    return ToolSpec(text_of(raw.get("name")), fields(fields(raw.get("inputSchema")).get("json")))


def _written(message: Message) -> JsonObject:
    blocks = [
        _result_block(part) if isinstance(part, ToolResult) else block_of(part) for part in message.parts
    ]
    return {"role": "assistant" if message.role == "assistant" else "user", "content": blocks}


def _result_block(result: ToolResult) -> JsonObject:
    told = {"toolUseId": result.call_id, "content": [{"text": result.content}]}
    return {"toolResult": told | ({"status": "error"} if result.is_error else {})}
