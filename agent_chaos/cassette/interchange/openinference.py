"""Spans of OpenInference's conventions, as Phoenix and its instrumentations write them: https://arize-ai.github.io/openinference/spec/."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agent_chaos.cassette.interchange import chat_messages
from agent_chaos.cassette.interchange.format import Contents, RecordingFormat, Unfit
from agent_chaos.cassette.interchange.otlp import is_otlp, spans_of, traced_calls
from agent_chaos.cassette.interchange.traces import (
    ModelCall,
    contents,
    epoch_s,
    json_of,
    protocol_of,
)
from agent_chaos.providers.json_values import count_of, fields, text_of
from agent_chaos.providers.turn import Usage

_KIND = "openinference.span.kind"
_KEPT = ("max_tokens", "temperature")
_VENDORS = {
    "google": "gemini",
    "mistralai": "mistral",
    "aws": "bedrock",
    "azure": "openai",
    "vertexai": "gemini",
}


def _recognises(document: Mapping[str, Any]) -> bool:
    return is_otlp(document) and any(_KIND in attributes for _, attributes in spans_of(document))


def _read(document: Mapping[str, Any]) -> Contents:
    called = [(span, told) for span, told in spans_of(document) if told.get(_KIND) == "LLM"]
    if not called:
        raise Unfit(f"no span of it is a call of a model: {_KIND} is LLM in none")
    return contents("OpenInference", traced_calls(called, _call))


def _call(span: Mapping[str, Any], told: Mapping[str, Any]) -> ModelCall:
    model = text_of(told["llm.model_name"])
    vendor = text_of(told.get("llm.provider") or told.get("llm.system"))
    tree, given = _unfolded(told), fields(json_of(told.get("llm.invocation_parameters")))
    schemas = (json_of(fields(one.get("tool")).get("json_schema")) for one in _numbered(tree, "tools"))
    tools = [chat_messages.chat_tool(fields(one)) for one in schemas]
    body = {
        "model": model,
        "messages": _messages(tree, "input_messages"),
        **({"tools": tools} if tools else {}),
    }
    answers = _messages(tree, "output_messages")
    usage = Usage(
        count_of(told.get("llm.token_count.prompt")), count_of(told.get("llm.token_count.completion"))
    )
    return ModelCall(
        protocol_of(_VENDORS.get(vendor, vendor), model),
        chat_messages.prompt_of_chat(body),
        chat_messages.turn_of_chat(answers[-1] if answers else {}, model=model, id="", usage=usage),
        epoch_s(span["startTimeUnixNano"]),
        epoch_s(span["endTimeUnixNano"]),
        {name: given[name] for name in _KEPT if name in given},
        chat_messages.descriptions(tools),
    )


def _messages(tree: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """Messages with the calls of tools as Chat Completions has them."""
    found = []
    for one in _numbered(tree, name):
        message = dict(fields(one.get("message")))
        calls = [fields(call.get("tool_call")) for call in _numbered(message, "tool_calls")]
        message.pop("tool_calls", None)
        if calls:
            message["tool_calls"] = [{"id": "", "type": "function", **call} for call in calls]
        found.append({"content": _text(message), **message})
    return found


def _text(message: Mapping[str, Any]) -> str | None:
    """What stands in the blocks of a message that has no text of its own."""
    blocks = [fields(one.get("message_content")) for one in _numbered(message, "contents")]
    return "".join(text_of(one.get("text")) for one in blocks if one.get("type") == "text") or None


def _numbered(tree: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """What stands under a name by number: `input_messages.0`, `input_messages.1`."""
    held = fields(tree.get(name))
    # By number, since attributes come in no order, and `10` sorts before `2` as text.
    return [fields(held[key]) for key in sorted((key for key in held if key.isdecimal()), key=int)]


def _unfolded(told: Mapping[str, Any]) -> dict[str, Any]:
    """The attributes below `llm.` as a tree, of which their names are the paths."""
    tree: dict[str, Any] = {}
    for path, value in told.items():
        first, *steps = path.split(".")
        if first != "llm" or not steps:
            continue
        place = tree
        for step in steps[:-1]:
            place = place.setdefault(step, {})
            # Attributes `a` and `a.b` cannot both be; told, not guessed at, as the recording would lack
            # one.
            if not isinstance(place, dict):
                raise TypeError(f"{path} lies below a value")
        place[steps[-1]] = value
    return tree


FORMAT = RecordingFormat("OpenInference", _recognises, _read)
