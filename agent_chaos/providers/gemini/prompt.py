"""Reads a request of the Gemini API: contents as messages. Field names may be in camel or in snake case."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote

from agent_chaos.providers.gemini.parts import part_of, wire_of
from agent_chaos.providers.json_values import (
    JsonObject,
    compact,
    fields,
    items,
    loaded,
    non_empty,
    text_of,
    without,
)
from agent_chaos.providers.turn import Message, Part, Prompt, ToolResult, ToolSpec
from agent_chaos.stream.exchange import Request

_PATH = re.compile(
    r"/(?:models|tunedModels|endpoints)/(?P<model>[^/]+):(?P<verb>generateContent|streamGenerateContent)$"
)
_SNAKE = re.compile(r"_([a-z])")
_SCHEMAS = ("parameters", "parametersJsonSchema", "parameters_json_schema")


def model_and_verb(request: Request) -> tuple[str, str]:
    """The model and what is asked of it, from the path; empty where the path is of another API."""
    found = _PATH.search(unquote(request.path))
    return (found["model"], found["verb"]) if found else ("", "")


def prompt(request: Request) -> Prompt:
    """The request in neutral words; all that the API keeps is a turn that is not finished, by its token."""
    body = fields(request.json)
    # Only the path says which model, and whether it is to be streamed; the body has neither.
    model, verb = model_and_verb(request)
    system = fields(body.get("systemInstruction", body.get("system_instruction")))
    contents = body.get("contents")
    return Prompt(
        model=model,
        system="\n".join(text_of(fields(one).get("text")) for one in _parts(system)),
        messages=tuple(_message(fields(one)) for one in (items(contents) or [contents] if contents else [])),
        tools=tuple(spec for tool in items(body.get("tools")) for spec in _specs(fields(tool))),
        stream=verb == "streamGenerateContent",
        previous=text_of(body.get("continuationToken", body.get("continuation_token"))),
        forced=_forced(fields(body.get("toolConfig", body.get("tool_config")))),
    )


def _forced(config: JsonObject) -> str:
    """The one function that the model must call."""
    calling = fields(config.get("functionCallingConfig", config.get("function_calling_config")))
    allowed = items(calling.get("allowedFunctionNames", calling.get("allowed_function_names")))
    return text_of(allowed[0]) if calling.get("mode") == "ANY" and len(allowed) == 1 else ""


def _message(content: JsonObject) -> Message:
    parts = tuple(_part(one) for one in _parts(content))
    # On the wire results stand in a content of the user's: the API has no role for tools that clients must
    # use.
    if any(isinstance(part, ToolResult) for part in parts):
        return Message("tool", parts)
    return Message("assistant" if content.get("role") == "model" else "user", parts)


def _parts(content: JsonObject) -> list[Any]:
    parts = content.get("parts")
    return parts if isinstance(parts, list) else [parts] if parts else []


def _part(wire: Any) -> Part | ToolResult:
    """A part, or a tool's result: its response as compact JSON, an error where the response has one."""
    if not isinstance(wire, dict):
        return part_of({"text": wire} if isinstance(wire, str) else wire)
    # Google's APIs take both spellings in JSON (protobuf's JSON mapping), and some clients send the names of
    # protobuf.
    part = {_SNAKE.sub(lambda found: found[1].upper(), name): one for name, one in wire.items()}
    result = part.get("functionResponse")
    if not isinstance(result, dict):
        return part_of(part)
    response = result.get("response")
    content = response if isinstance(response, str) else "" if response is None else compact(response)
    failed = isinstance(response, dict) and "error" in response
    rest = without(result, "id", "name", "response")
    extra = {**without(part, "functionResponse"), **({"functionResponse": rest} if rest else {})}
    return ToolResult(text_of(result.get("id")), text_of(result.get("name")), content, failed, extra)


def _specs(tool: JsonObject) -> list[ToolSpec]:
    """The functions of a tool; the provider's own tools go by their field's name."""
    declared = items(tool.get("functionDeclarations", tool.get("function_declarations")))
    own = [name for name in tool if name not in ("functionDeclarations", "function_declarations")]
    found = [
        ToolSpec(text_of(one.get("name")), next((fields(one[name]) for name in _SCHEMAS if name in one), {}))
        for one in map(fields, declared)
    ]
    return [*found, *(ToolSpec(name, fields(tool[name])) for name in own)]


def request_of(prompt: Prompt) -> Request:
    """A request to AI Studio that asks this, for server-sent events where it is to be streamed."""
    declared = [{"name": one.name, "parametersJsonSchema": dict(one.parameters)} for one in prompt.tools]
    calling = {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": [prompt.forced]}}
    body = {"contents": [_written(one) for one in prompt.messages]} | non_empty(
        systemInstruction={"parts": [{"text": prompt.system}]} if prompt.system else {},
        tools=[{"functionDeclarations": declared}] if declared else [],
        toolConfig=calling if prompt.forced else {},
        continuationToken=prompt.previous,
    )
    verb = "streamGenerateContent?alt=sse" if prompt.stream else "generateContent"
    url = f"https://generativelanguage.googleapis.com/v1beta/models/{prompt.model}:{verb}"
    return Request("POST", url, (("content-type", "application/json"),), compact(body).encode())


def _written(message: Message) -> JsonObject:
    parts = [_result_of(part) if isinstance(part, ToolResult) else wire_of(part) for part in message.parts]
    return {"role": "model" if message.role == "assistant" else "user", "parts": parts}


def _result_of(result: ToolResult) -> JsonObject:
    """A tool's result; one that is no JSON object stands in one, under the name that the SDK gives it."""
    said = loaded(result.content)
    key = "error" if result.is_error else "result"
    response = said if isinstance(said, dict) else {key: result.content if said is None else said}
    named = non_empty(id=result.call_id)
    return {"functionResponse": {**named, "name": result.name, "response": response}}
