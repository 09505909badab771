"""Model calls of a trace as exchanges: no bytes were kept, so the protocol writes request and reply, and says so in a header."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from agent_chaos.cassette.interchange.format import Contents, Interaction, Unfit
from agent_chaos.cassette.model import Exchange
from agent_chaos.providers.json_values import compact, fields
from agent_chaos.providers.new_reply import new_reply
from agent_chaos.providers.registry import protocols, recognise
from agent_chaos.providers.turn import ModelTurn, Prompt

_MARK = "x-rendered-from"
_SCHEMAS = {"parameters", "input_schema", "inputSchema", "parametersJsonSchema"}
"""How protocols call the schema of a tool's arguments, which stands beside its name."""
_BY_MODEL = {"claude": "anthropic_messages", "gemini": "gemini", "mistral": "mistral"}
"""How models are called whose host a trace does not name; all others speak Chat Completions."""

_UNREADABLE = (KeyError, ValueError, TypeError, IndexError, AttributeError, OverflowError, RecursionError)
"""What reading raises where a trace is not as its conventions say."""


@dataclass(frozen=True, slots=True)
class ModelCall:
    """One call of a model as a trace tells it.

    `at` and `ended_at` are seconds on one clock for all calls of a trace; `options` are fields of the request that stand in
    its body under their own names (`max_tokens`, `temperature`), `descriptions` what tools say of themselves, by name,
    `stated` fields that a client writes although they say what holds without them, by the type of their block.
    """

    protocol: str
    prompt: Prompt
    turn: ModelTurn
    at: float
    ended_at: float
    options: Mapping[str, Any] = field(default_factory=dict)
    descriptions: Mapping[str, str] = field(default_factory=dict)
    stated: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TracedCall:
    """What a trace holds of one call: its id in the trace, what a person finds it by, and how it is read."""

    id: str
    name: str
    read: Callable[[], ModelCall]


def protocol_of(provider: str, model: str) -> str:
    """The protocol of a provider by its vendor's name, or else by the model's."""
    named = next((one.name for one in protocols().values() if provider and one.vendor == provider), "")
    guessed = next((name for word, name in _BY_MODEL.items() if word in model.lower()), "openai_chat")
    return named or guessed


def contents(source: str, traced: Iterable[TracedCall], needs: str = "") -> Contents:
    """The calls in the order they were made, as interactions that say that they were rendered from `source`.

    Raises:
        Unfit: one cannot be read; `needs` says what such a trace has to hold.
    """
    # Exports repeat a span that was updated; the last one holds.
    distinct = {one.id: _read(one, needs) for one in traced}
    ordered = sorted(distinct.values(), key=lambda call: call.at)
    first = ordered[0].at if ordered else 0.0
    return Contents(
        tuple(
            _interaction(replace(one, at=one.at - first, ended_at=one.ended_at - first), source)
            for one in ordered
        )
    )


def as_streams(read: Contents) -> Contents:
    """The same, each rendered call as a stream: traces do not tell whether an agent streams."""
    return replace(read, interactions=tuple(map(_streamed, read.interactions)))


def _streamed(one: Interaction) -> Interaction:
    protocol, mark = recognise(one.request), one.reply.header(_MARK)
    if protocol is None or not mark:
        return one
    asked = protocol.request(replace(protocol.prompt(one.request), stream=True))
    # What stands in the whole request goes over what the protocol writes anew: options and descriptions are
    # in it alone.
    body = fields(json_of(asked.body.decode())) | fields(json_of(one.request.body.decode()))
    turn = protocol.parse(one.reply)
    told = new_reply(protocol, turn, streamed=True, at=one.reply.begins_at, headers=[(_MARK, mark)])
    return replace(one, request=replace(asked, body=compact(body).encode()), reply=told)


def rendered_from(exchange: Exchange) -> str:
    """What an exchange was rendered from; '' where its bytes were recorded."""
    return exchange.reply.header(_MARK)


def epoch_s(told: Any) -> float:
    """A time of day as traces write it: nanoseconds since the epoch, or in ISO 8601. Raises ValueError."""
    # OTLP's JSON writes whole numbers of 64 bits as texts.
    text = str(told)
    return (
        int(text) / 1e9 if text.isdigit() else datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()
    )


def json_of(told: Any) -> Any:
    """A value that may stand as JSON in a text, as attributes of spans do."""
    if not isinstance(told, str):
        return told
    try:
        return json.loads(told)
    except (ValueError, RecursionError):
        return told


def _read(traced: TracedCall, needs: str) -> ModelCall:
    try:
        return traced.read()
    except _UNREADABLE as exc:
        raise Unfit(f"{traced.name} cannot be replayed ({type(exc).__name__}: {exc}){needs}") from None


def _interaction(call: ModelCall, source: str) -> Interaction:
    protocol = protocols()[call.protocol]
    asked = protocol.request(call.prompt)
    body = fields(_described(json_of(asked.body.decode()), call)) | dict(call.options)
    took = max(0.0, call.ended_at - call.at)
    told = new_reply(protocol, call.turn, streamed=False, at=took, headers=[(_MARK, source)])
    return Interaction(replace(asked, body=compact(body).encode()), told, at=call.at)


def _described(value: Any, call: ModelCall) -> Any:
    """A request's body whose tools say of themselves what they said in the trace, wherever the protocol lists them, and
    whose blocks state what the client stated.
    """
    if isinstance(value, list):
        return [_described(one, call) for one in value]
    if not isinstance(value, dict):
        return value
    said, kind = call.descriptions, value.get("type")
    told = (
        {"description": said[value["name"]]} if _SCHEMAS & value.keys() and value.get("name") in said else {}
    )
    stated = call.stated.get(kind, {}) if isinstance(kind, str) else {}
    return {**stated, **{name: _described(one, call) for name, one in value.items()}, **told, **_plain(value)}


def _plain(message: Mapping[str, Any]) -> dict[str, str]:
    """What a user says as mere text, as most agents send it, where it is one block of it."""
    match message:
        case {"role": "user", "content": [{"type": "text", "text": str(text), **rest}]} if not rest:
            return {"content": text}
        case _:
            return {}
