"""Spans of OpenTelemetry's conventions for generative AI, in OTLP's JSON: https://opentelemetry.io/docs/specs/semconv/gen-ai/.

Logfire, pydantic-ai and every exporter of OTLP write them. Spans without the messages of their call cannot be replayed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from agent_chaos.cassette.interchange.format import Contents, RecordingFormat, Unfit
from agent_chaos.cassette.interchange.otlp import is_otlp, spans_of, traced_calls
from agent_chaos.cassette.interchange.traces import (
    ModelCall,
    contents,
    epoch_s,
    json_of,
    protocol_of,
)
from agent_chaos.providers.json_values import compact, count_of, fields, items, text_of
from agent_chaos.providers.turn import (
    Message,
    ModelTurn,
    Part,
    Prompt,
    Reasoning,
    StopReason,
    Text,
    ToolCall,
    ToolResult,
    ToolSpec,
    Usage,
    system_texts,
)

_VENDORS = {
    "aws.bedrock": "bedrock",
    "gcp.gemini": "gemini",
    "gcp.gen_ai": "gemini",
    "gcp.vertex_ai": "gemini",
    "google": "gemini",
    "google-gla": "gemini",
    "google-vertex": "gemini",
    "mistral_ai": "mistral",
    "azure.ai.openai": "openai",
}
"""Names of the conventions, and of pydantic-ai, for vendors that are called otherwise here."""
_STOPS: dict[str, StopReason] = {
    "stop": "end",
    "length": "length",
    "content_filter": "filter",
    "tool_call": "tool_use",
    "tool_calls": "tool_use",
    "end_turn": "end",
    "stop_sequence": "end",
    "max_tokens": "length",
    "tool_use": "tool_use",
    "refusal": "filter",
    "safety": "filter",
}
"""Words of the conventions, then of providers: Logfire passes those on."""
_OPTIONS = {"gen_ai.request.max_tokens": "max_tokens", "gen_ai.request.temperature": "temperature"}
_ROLES: dict[str, Literal["system", "assistant"]] = {"system": "system", "assistant": "assistant"}
_NEEDS = "; spans need gen_ai.input.messages and gen_ai.output.messages, which instrumentations write once content is recorded"
_CALLS = ("chat", "generate_content", "text_completion")


def _read(document: Mapping[str, Any]) -> Contents:
    called = [(span, attributes) for span, attributes in spans_of(document) if _is_call(attributes)]
    if not called:
        raise Unfit("no span of it is a call of a model: gen_ai.operation.name is chat in none")
    return contents("OpenTelemetry", traced_calls(called, _call), _NEEDS)


def _is_call(attributes: Mapping[str, Any]) -> bool:
    return attributes.get("gen_ai.operation.name") in _CALLS


def _call(span: Mapping[str, Any], attributes: Mapping[str, Any]) -> ModelCall:
    provider = text_of(attributes.get("gen_ai.provider.name") or attributes.get("gen_ai.system"))
    model = text_of(attributes.get("gen_ai.request.model") or attributes["gen_ai.response.model"])
    protocol = protocol_of(_VENDORS.get(provider, provider), model)
    # The conventions call both of OpenAI's APIs `chat`; newer instrumentations say which one in an attribute
    # of their own.
    if attributes.get("openai.api.type") == "responses":
        protocol = "openai_responses"
    messages = [_message(fields(one)) for one in items(json_of(attributes["gen_ai.input.messages"]))]
    told = [text_of(one.get("content")) for one in _listed(attributes, "gen_ai.system_instructions")]
    told += system_texts(messages)
    prompt = Prompt(
        model=model,
        system="\n\n".join(told),
        messages=tuple(one for one in messages if one.role != "system"),
        tools=tuple(
            ToolSpec(text_of(one.get("name")), fields(one.get("parameters") or one.get("input_schema")))
            for one in _definitions(attributes)
        ),
        stream=False,
    )
    return ModelCall(
        protocol,
        prompt,
        _turn(attributes, model),
        epoch_s(span["startTimeUnixNano"]),
        epoch_s(span["endTimeUnixNano"]),
        {name: attributes[key] for key, name in _OPTIONS.items() if key in attributes},
        {
            text_of(one.get("name")): text_of(one["description"])
            for one in _definitions(attributes)
            if one.get("description")
        },
    )


def _definitions(attributes: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [fields(one.get("function")) or one for one in _listed(attributes, "gen_ai.tool.definitions")]


def _turn(attributes: Mapping[str, Any], model: str) -> ModelTurn:
    said = fields(items(json_of(attributes["gen_ai.output.messages"]))[-1])
    parts = tuple(part for part in _message(said).parts if not isinstance(part, ToolResult))
    asked = any(isinstance(part, ToolCall) for part in parts)
    finished = text_of(said.get("finish_reason")).lower() or "stop"
    return ModelTurn(
        parts=parts,
        # Not every instrumentation has a word for it: a turn that asks for tools did not end by itself,
        # whatever it says.
        stop="tool_use" if asked and finished in ("stop", "tool_call") else _STOPS.get(finished, "other"),
        usage=Usage(
            count_of(attributes.get("gen_ai.usage.input_tokens")),
            count_of(attributes.get("gen_ai.usage.output_tokens")),
        ),
        id=text_of(attributes.get("gen_ai.response.id")),
        model=text_of(attributes.get("gen_ai.response.model")) or model,
    )


def _message(raw: Mapping[str, Any]) -> Message:
    parts = tuple(part for one in items(raw.get("parts")) if (part := _part(fields(one))) is not None)
    if any(isinstance(part, ToolResult) for part in parts):
        # Some APIs have tool results in messages of the user's, and their instrumentations tell it so.
        return Message("tool", parts)
    return Message(_ROLES.get(text_of(raw.get("role")), "user"), parts)


def _part(raw: Mapping[str, Any]) -> Part | ToolResult | None:
    match raw.get("type"):
        case "text":
            return Text(text_of(raw.get("content")))
        case "reasoning" | "thinking":
            return Reasoning(text_of(raw.get("content")))
        case "tool_call":
            arguments = raw.get("arguments")
            text = arguments if isinstance(arguments, str) else compact(arguments or {})
            return ToolCall(text_of(raw.get("id")), text_of(raw.get("name")), text)
        case "tool_call_response":
            told = raw.get("response", raw.get("result"))
            text = told if isinstance(told, str) else compact(told)
            return ToolResult(text_of(raw.get("id")), text_of(raw.get("name")), text)
        case _:
            return None  # images and the like: what no protocol says in words


def _listed(attributes: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    return [fields(one) for one in items(json_of(attributes.get(name)))]


FORMAT = RecordingFormat("OpenTelemetry", is_otlp, _read)
