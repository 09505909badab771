"""Observations of Langfuse, as its API and its export give them: https://langfuse.com/docs/api-and-data-platform.

Messages stand in the shape of Chat Completions, in which Langfuse's integrations write them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from agent_chaos.cassette.interchange.format import Contents, RecordingFormat, Unfit
from agent_chaos.cassette.interchange.rendered import (
    ModelCall,
    contents,
    distinct,
    epoch_s,
    json_of,
    protocol_of,
)
from agent_chaos.providers.json_values import compact, count_of, fields, items, text_of
from agent_chaos.providers.registry import protocols
from agent_chaos.providers.turn import ModelTurn, Opaque, Part, Prompt, ToolResult, Usage
from agent_chaos.stream.exchange import Request, reply

_CHAT = "https://api.openai.com/v1/chat/completions"
_JSON = (("content-type", "application/json"),)
_KEPT = ("max_tokens", "temperature")


def _recognises(document: Mapping[str, Any]) -> bool:
    return any(fields(one).get("type") == "GENERATION" for one in _observations(document))


def _observations(document: Mapping[str, Any]) -> list[Any]:
    """Those of a list of the API (`data`), or of a trace."""
    return items(document.get("data")) or items(document.get("observations"))


def _read(document: Mapping[str, Any]) -> Contents:
    found = [fields(one) for one in _observations(document)]
    return contents(distinct(_calls(one for one in found if one.get("type") == "GENERATION")), "Langfuse")


def _calls(raw: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, ModelCall]]:
    for one in raw:
        try:
            yield text_of(one.get("id")), _call(one)
        except (KeyError, ValueError, TypeError, AttributeError, OverflowError, RecursionError) as exc:
            raise Unfit(
                f"generation {one.get('id')!r} cannot be replayed ({type(exc).__name__}: {exc})"
            ) from None


def _call(raw: Mapping[str, Any]) -> ModelCall:
    model = text_of(raw["model"])
    asked, given = json_of(raw["input"]), fields(raw.get("modelParameters"))
    body = (
        {"model": model, "messages": asked} if isinstance(asked, list) else {"model": model, **fields(asked)}
    )
    if not items(body.get("messages")):
        raise ValueError("its input holds no messages")
    return ModelCall(
        protocol_of("", model),
        _prompt(body),
        _turn(raw, model),
        epoch_s(raw["startTime"]),
        epoch_s(raw.get("endTime") or raw["startTime"]),
        {name: given[name] for name in _KEPT if name in given},
        {
            text_of(told.get("name")): text_of(told["description"])
            for tool in items(body.get("tools"))
            if (told := fields(fields(tool).get("function"))).get("description")
        },
    )


def _prompt(body: Mapping[str, Any]) -> Prompt:
    asked = protocols()["openai_chat"].prompt(Request("POST", _CHAT, _JSON, compact(dict(body)).encode()))
    messages = tuple(replace(one, parts=tuple(map(_neutral, one.parts))) for one in asked.messages)
    return replace(asked, messages=tuple(one for one in messages if one.role != "system"))


def _neutral(part: Part | ToolResult) -> Part | ToolResult:
    """A part without the fields of Chat Completions, which other protocols would take for their own."""
    return part if isinstance(part, Opaque) else replace(part, extra={})


def _turn(raw: Mapping[str, Any], model: str) -> ModelTurn:
    told = json_of(raw["output"])
    message = {"role": "assistant", "content": told} if isinstance(told, str) else fields(told)
    if not message:
        raise ValueError("its output holds no message")
    reason = "tool_calls" if message.get("tool_calls") else "stop"
    used = fields(raw.get("usageDetails")) or fields(raw.get("usage"))
    body = {
        "id": text_of(raw.get("id")),
        "model": model,
        "choices": [{"index": 0, "finish_reason": reason, "message": message}],
        "usage": {
            "prompt_tokens": count_of(used.get("input")),
            "completion_tokens": count_of(used.get("output")),
        },
    }
    turn = protocols()["openai_chat"].read(reply(200, _JSON, [compact(body).encode()]))
    usage = turn.usage or Usage()
    return ModelTurn(
        parts=tuple(part for part in map(_neutral, turn.parts) if not isinstance(part, ToolResult)),
        stop=turn.stop,
        usage=Usage(usage.input_tokens, usage.output_tokens),
        id=turn.id,
        model=model,
    )


FORMAT = RecordingFormat("Langfuse", _recognises, _read)
