"""Requests and cassettes for replay, built from what the SDKs really send."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

import openai

from agent_chaos.cassette.keys import keys_of
from agent_chaos.cassette.model import Cassette, Exchange, Header
from agent_chaos.providers.registry import recognise
from agent_chaos.stream.exchange import Reply, Request
from tests.cassette.made import asking
from tests.standin import responses_wire
from tests.standin.said import Asked, Said
from tests.trials import json_reply, recorded, scenario


def cassette_of(*exchanges: tuple[Request, Reply]) -> Cassette:
    kept = tuple(
        Exchange(i, 0, float(i), request, reply, keys_of(request), recognised(request), "httpx2")
        for i, (request, reply) in enumerate(exchanges)
    )
    header = Header(scenario="made", started_at=1_763_900_000.0)
    return Cassette(header, kept, keys=tuple(exchange.keys for exchange in kept))


def recognised(request: Request) -> str:
    protocol = recognise(request)
    return protocol.name if protocol else ""


def with_body(request: Request, body: dict[str, Any]) -> Request:
    return Request(request.method, request.url, request.headers, json.dumps(body).encode())


def conversation(*texts: str, **fields: Any) -> Request:
    """A Messages request: the user's texts, with the model's word between them."""
    messages: list[dict[str, str]] = []
    for text in texts:
        messages += [{"role": "user", "content": text}, {"role": "assistant", "content": "I see."}]
    request = asking("", **fields)
    return with_body(request, {**request.json, "messages": messages[:-1]})


def research(*inputs: str) -> Cassette:
    """A recorded chain of Responses requests, each continuing the one before by its id."""

    def agent(ctx: Any, text: str) -> str:
        client, previous = openai.OpenAI(), openai.omit
        for one in inputs:
            response = client.responses.create(model="gpt-5.1", input=one, previous_response_id=previous)
            previous = response.id
        return str(response.output_text)

    return recorded(scenario(agent), _responses(inputs))


def _responses(inputs: Iterable[str]) -> Iterator[Reply]:
    asked = Asked("openai_responses", "gpt-5.1", {}, False, 0)
    for number, text in enumerate(inputs):
        yield json_reply(json.loads(responses_wire.whole(asked, Said(f"About {text}: yes."), number)))
