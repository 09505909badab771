"""The real SDKs read a recorded reply and the same reply parsed and rendered as equal objects."""

from __future__ import annotations

import json
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


def transport(reply: Reply) -> httpx2.MockTransport:
    headers = [pair for pair in reply.head.headers if pair[0].lower() != "content-length"]
    return httpx2.MockTransport(
        lambda request: httpx2.Response(reply.status, headers=headers, content=reply.body)
    )


def _anthropic(reply: Reply) -> Any:
    http = anthropic.DefaultHttpxClient(transport=transport(reply))
    client = anthropic.Anthropic(api_key="k" * 20, http_client=http, max_retries=0)
    asked = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "x"}]}
    if evident_framing(reply) is None:
        return client.messages.create(**asked).model_dump()
    with client.messages.stream(**asked) as stream:
        return stream.get_final_message().model_dump()


def _openai(reply: Reply) -> openai.OpenAI:
    http = openai.DefaultHttpxClient(transport=transport(reply))
    return openai.OpenAI(api_key="k" * 20, http_client=http, max_retries=0)


def _chat(reply: Reply) -> Any:
    asked = {"model": "m", "messages": [{"role": "user", "content": "x"}]}
    made = _openai(reply).chat.completions.create(**asked, stream=evident_framing(reply) is not None)
    return [one.model_dump() for one in made] if evident_framing(reply) else made.model_dump()


def _responses(reply: Reply) -> Any:
    made = _openai(reply).responses.create(model="m", input="x", stream=evident_framing(reply) is not None)
    return [one.model_dump() for one in made] if evident_framing(reply) else made.model_dump()


def _gemini(reply: Reply) -> Any:
    http = httpx2.Client(transport=transport(reply))
    client = genai.Client(api_key="k" * 20, http_options=types.HttpOptions(httpx_client=http))
    if evident_framing(reply):
        found = list(client.models.generate_content_stream(model="m", contents="x"))
        return [one.model_dump(exclude={"sdk_http_response"}) for one in found]
    made = client.models.generate_content(model="m", contents="x")
    return made.model_dump(exclude={"sdk_http_response"})


READ = {
    "anthropic.messages": _anthropic,
    "openai.chat": _chat,
    "openai.responses": _responses,
    "gemini.generate": _gemini,
}


def read(api: str, reply: Reply) -> str:
    """What the SDK makes of a reply, or the class of what it raises."""
    try:
        return json.dumps(READ[api](reply), sort_keys=True, default=str)
    except Exception as exc:
        return f"raised {type(exc).__name__}"


@pytest.mark.skipif(not ACCEPTED, reason="the folder of recorded traffic is absent")
def test_the_sdks_read_nearly_all_recordings():
    raised = [one[0] for api, one in ACCEPTED if read(api, one[2]).startswith("raised")]

    assert len(raised) < len(ACCEPTED) * 0.05, raised


@pytest.mark.parametrize("case", ACCEPTED, ids=name)
def test_the_sdk_reads_both_as_equal(case):
    api, (_, request, reply) = case
    assert recognise(request)
    protocol = protocols()[APIS[api]]
    rendered = protocol.render(protocol.parse(reply), reply)

    assert read(api, rendered) == read(api, reply)
