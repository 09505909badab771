"""Reads a request of the OpenAI Responses API: input items as messages.

What a model said stands in several items; neighbours of one speaker are one message, as are the results of its calls.
A user message is one message each.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any, Literal

from agent_chaos.providers.json_values import JsonObject, compact, fields, items, non_empty, text_of, without
from agent_chaos.providers.openai_responses.items import parts_of
from agent_chaos.providers.turn import Message, Opaque, Part, Prompt, Text, ToolCall, ToolResult, ToolSpec
from agent_chaos.stream.exchange import Request

Role = Literal["system", "user", "assistant", "tool"]

_ROLES: dict[str, Role] = {"system": "system", "developer": "system", "assistant": "assistant"}
_RESULTS = ("function_call_output", "custom_tool_call_output")
_WORDS = ("input_text", "output_text", "text")


def prompt(request: Request) -> Prompt:
    """The request in neutral words; `previous` is the response or conversation that it continues."""
    body = fields(request.json)
    conversation = body.get("conversation")
    if isinstance(conversation, dict):
        conversation = conversation.get("id")
    return Prompt(
        model=text_of(body.get("model")),
        system=text_of(body.get("instructions")),
        messages=tuple(_messages(body.get("input"))),
        tools=tuple(_tools(body)),
        stream=body.get("stream") is True,
        previous=text_of(body.get("previous_response_id")) or text_of(conversation),
        forced=text_of(fields(body.get("tool_choice")).get("name")),
    )


def _messages(given: Any) -> Iterator[Message]:
    if isinstance(given, str):
        yield Message("user", (Text(given),))
        return
    spoken = [(at, *_spoken(fields(item))) for at, item in enumerate(items(given))]
    # By place where each message is one of its own; by the role alone where neighbours belong together.
    runs = groupby(spoken, key=lambda one: (one[1], one[0] if one[1] in ("user", "system") else -1))
    for (role, _), run in runs:
        yield Message(role, tuple(part for _, _, parts in run for part in parts))


def _spoken(item: JsonObject) -> tuple[Role, tuple[Part | ToolResult, ...]]:
    """Who says an item, and what."""
    kind = text_of(item.get("type"))
    if kind in _RESULTS:
        return "tool", (_result(item),)
    if "role" in item and kind in ("", "message"):
        role = _ROLES.get(text_of(item.get("role")), "user")
        return role, _said(item, role)
    # Results of the provider's own tools that the client runs (`computer_call_output`,
    # `local_shell_call_output`).
    if kind.endswith("_output"):
        return "tool", (Opaque(kind, {"item": item}),)
    if "role" in item:
        return _ROLES.get(text_of(item.get("role")), "user"), (Opaque(kind, {"item": item}),)
    # Whatever has no role is an output item that the agent sends back.
    return "assistant", tuple(part for _, part in parts_of([item]))


def _said(item: JsonObject, role: Role) -> tuple[Part, ...]:
    content = item.get("content")
    if isinstance(content, str):
        return (Text(content, {"item": {**item, "content": ""}}),)
    if role == "assistant":
        return tuple(part for _, part in parts_of([{**item, "type": "message"}]))
    return tuple(_part(fields(one)) for one in items(content))


def _part(content: JsonObject) -> Part:
    if content.get("type") in _WORDS and isinstance(content.get("text"), str):
        return Text(content["text"], {"content": {**content, "text": ""}})
    return Opaque(text_of(content.get("type")), {"content": content})


def _result(item: JsonObject) -> ToolResult:
    """A tool's result. The wire has no flag for errors: `status: incomplete` is the nearest it can say."""
    output = item.get("output")
    parts = [fields(one) for one in items(output)]
    if isinstance(output, str):
        content = output
    elif parts and all(one.get("type") in _WORDS for one in parts):
        content = "".join(text_of(one.get("text")) for one in parts)
    else:
        content = "" if output is None else compact(output)
    failed = item.get("status") == "incomplete"
    return ToolResult(text_of(item.get("call_id")), "", content, failed, without(item, "output"))


def _tools(body: JsonObject) -> Iterator[ToolSpec]:
    """Tools with a name, also those in a namespace; the provider's own tools go by their type."""
    for tool in items(body.get("tools")):
        inner = items(fields(tool).get("tools"))
        for one in inner or [tool]:
            spec = fields(one)
            name = text_of(spec.get("name")) or text_of(spec.get("type"))
            yield ToolSpec(name, fields(spec.get("parameters")))


def request_of(prompt: Prompt) -> Request:
    """A request to OpenAI's own host that asks this."""
    tools = [
        {"type": "function", "name": one.name, "parameters": dict(one.parameters)} for one in prompt.tools
    ]
    forced = {"type": "function", "name": prompt.forced} if prompt.forced else {}
    body = {
        "model": prompt.model,
        "input": [_written(part, one.role) for one in prompt.messages for part in one.parts],
    }
    body |= non_empty(
        instructions=prompt.system,
        tools=tools,
        tool_choice=forced,
        previous_response_id=prompt.previous,
        stream=prompt.stream,
    )
    headers = (("content-type", "application/json"),)
    return Request("POST", "https://api.openai.com/v1/responses", headers, compact(body).encode())


def _written(part: Part | ToolResult, role: Role) -> JsonObject:
    match part:
        case ToolResult():
            return {"type": "function_call_output", "call_id": part.call_id, "output": part.content}
        case ToolCall():
            return {
                "type": "function_call",
                "call_id": part.id,
                "name": part.name,
                "arguments": part.arguments,
            }
        case Opaque():
            return dict(part.extra)
        case _:
            kind = "output_text" if role == "assistant" else "input_text"
            return {"type": "message", "role": role, "content": [{"type": kind, "text": part.text}]}
