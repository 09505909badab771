"""Observations of Langfuse, as its API and its export give them: https://langfuse.com/docs/api-and-data-platform.

Messages stand in the shape of Chat Completions, in which Langfuse's integrations write them.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from agent_chaos.cassette.interchange import chat_messages
from agent_chaos.cassette.interchange.format import Contents, RecordingFormat
from agent_chaos.cassette.interchange.traces import (
    ModelCall,
    TracedCall,
    contents,
    epoch_s,
    json_of,
    protocol_of,
)
from agent_chaos.providers.json_values import count_of, fields, items, text_of
from agent_chaos.providers.turn import Usage

_KEPT = ("max_tokens", "temperature")


def _recognises(document: Mapping[str, Any]) -> bool:
    return any(fields(one).get("type") == "GENERATION" for one in _observations(document))


def _observations(document: Mapping[str, Any]) -> list[Any]:
    """Those of a list of the API (`data`), or of a trace."""
    return items(document.get("data")) or items(document.get("observations"))


def _read(document: Mapping[str, Any]) -> Contents:
    found = [fields(one) for one in _observations(document)]
    generations = (one for one in found if one.get("type") == "GENERATION")
    return contents(
        "Langfuse",
        (
            TracedCall(text_of(one.get("id")), f"generation {one.get('id')!r}", partial(_call, one))
            for one in generations
        ),
    )


def _call(raw: Mapping[str, Any]) -> ModelCall:
    model = text_of(raw["model"])
    told, given = json_of(raw["input"]), fields(raw.get("modelParameters"))
    body = {"model": model, "messages": told} if isinstance(told, list) else {"model": model, **fields(told)}
    if tools := items(body.get("tools")):
        body["tools"] = [chat_messages.chat_tool(fields(one)) for one in tools]
    used = fields(raw.get("usageDetails")) or fields(raw.get("usage"))
    usage = Usage(count_of(used.get("input")), count_of(used.get("output")))
    return ModelCall(
        protocol_of("", model),
        chat_messages.prompt_of_chat(body),
        chat_messages.turn_of_chat(
            json_of(raw["output"]), model=model, id=text_of(raw.get("id")), usage=usage
        ),
        epoch_s(raw["startTime"]),
        epoch_s(raw.get("endTime") or raw["startTime"]),
        {name: given[name] for name in _KEPT if name in given},
        chat_messages.descriptions(body.get("tools")),
    )


FORMAT = RecordingFormat("Langfuse", _recognises, _read)
