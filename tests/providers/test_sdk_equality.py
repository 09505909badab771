"""The real SDKs read a recorded reply and the same reply parsed and rendered as equal objects."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import anthropic
import httpx2
import openai
import pytest
from google import genai
from google.genai import types

from agent_chaos.providers.registry import protocols, recognise
from agent_chaos.stream.exchange import Reply
from agent_chaos.stream.framing.registry import evident_framing
from tests.providers.test_recorded_traffic import ACCEPTED, APIS, name


class Served:
    """The reply that every client of this file gets next: clients are made once, since each reads all certificates."""

    reply: Reply

    def transport(self) -> httpx2.MockTransport:
        return httpx2.MockTransport(self.answer)

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        headers = [pair for pair in self.reply.head.headers if pair[0].lower() != "content-length"]
        return httpx2.Response(self.reply.status, headers=headers, content=self.reply.body)


SERVED = Served()


@cache
def _claude() -> anthropic.Anthropic:
    http = anthropic.DefaultHttpxClient(transport=SERVED.transport())
    return anthropic.Anthropic(api_key="k" * 20, http_client=http, max_retries=0)


@cache
def _openai() -> openai.OpenAI:
    http = openai.DefaultHttpxClient(transport=SERVED.transport())
    return openai.OpenAI(api_key="k" * 20, http_client=http, max_retries=0)


@cache
def _genai() -> genai.Client:
    http = httpx2.Client(transport=SERVED.transport())
    return genai.Client(api_key="k" * 20, http_options=types.HttpOptions(httpx_client=http))


def _anthropic(streamed: bool) -> Any:
    asked = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "x"}]}
    if not streamed:
        return _claude().messages.create(**asked).model_dump()
    with _claude().messages.stream(**asked) as stream:
        return stream.get_final_message().model_dump()


def _chat(streamed: bool) -> Any:
    asked = {"model": "m", "messages": [{"role": "user", "content": "x"}]}
    made = _openai().chat.completions.create(**asked, stream=streamed)
    return [one.model_dump() for one in made] if streamed else made.model_dump()


def _responses(streamed: bool) -> Any:
    made = _openai().responses.create(model="m", input="x", stream=streamed)
    return [one.model_dump() for one in made] if streamed else made.model_dump()


def _gemini(streamed: bool) -> Any:
    asked = {"model": "m", "contents": "x"}
    if streamed:
        found = list(_genai().models.generate_content_stream(**asked))
        return [one.model_dump(exclude={"sdk_http_response"}) for one in found]
    return _genai().models.generate_content(**asked).model_dump(exclude={"sdk_http_response"})


READ = {
    "anthropic.messages": _anthropic,
    "openai.chat": _chat,
    "openai.responses": _responses,
    "gemini.generate": _gemini,
}


def read(api: str, reply: Reply) -> str:
    """What the SDK makes of a reply, or the class of what it raises."""
    SERVED.reply = reply
    try:
        return json.dumps(READ[api](evident_framing(reply) is not None), sort_keys=True, default=str)
    except Exception as exc:
        return f"raised {type(exc).__name__}"


@cache
def as_recorded(case: int) -> str:
    api, (_, _, reply) = ACCEPTED[case]
    return read(api, reply)


@pytest.mark.skipif(not ACCEPTED, reason="the folder of recorded traffic is absent")
def test_the_sdks_read_nearly_all_recordings():
    raised = [one[0] for case, (_, one) in enumerate(ACCEPTED) if as_recorded(case).startswith("raised")]

    assert len(raised) < len(ACCEPTED) * 0.05, raised


@pytest.mark.parametrize("case", range(len(ACCEPTED)), ids=lambda case: name(ACCEPTED[case]))
def test_the_sdk_reads_both_as_equal(case):
    api, (_, request, reply) = ACCEPTED[case]
    assert recognise(request)
    protocol = protocols()[APIS[api]]
    rendered = protocol.render(protocol.parse(reply), reply)

    assert read(api, rendered) == as_recorded(case)
