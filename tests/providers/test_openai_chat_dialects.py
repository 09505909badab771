"""Hosts that speak Chat Completions tell errors in their own shapes, which the OpenAI SDK reads as it can."""

from __future__ import annotations

import json

import httpx2
import openai
import pytest

from agent_chaos.faults.fault import Target
from agent_chaos.faults.stream.error_event import ErrorEvent
from agent_chaos.providers.registry import protocols
from agent_chaos.providers.turn import Reasoning
from agent_chaos.stream.exchange import Request, reply

WIRE = protocols()["openai_chat"]
HOSTS = {
    "groq": "https://api.groq.com/openai/v1",
    "openrouter": "https://openrouter.ai/api/v1",
    "xai": "https://api.x.ai/v1",
}


def raised(host: str, kind: str) -> openai.APIStatusError:
    """What the SDK raises for the error that a host sends."""
    reply = WIRE.error_reply(kind, Request("POST", f"{HOSTS[host]}/chat/completions", (), b'{"model":"m-1"}'))
    headers = [pair for pair in reply.headers if pair[0] != "content-length"]
    transport = httpx2.MockTransport(
        lambda asked: httpx2.Response(reply.status, headers=headers, content=reply.body)
    )
    client = openai.OpenAI(
        api_key="sk-test", base_url=HOSTS[host], max_retries=0, http_client=httpx2.Client(transport=transport)
    )
    with pytest.raises(openai.APIStatusError) as told:
        client.chat.completions.create(model="m-1", messages=[])
    return told.value


def test_groq_limits_a_request_that_is_too_large_by_a_rate():
    told = raised("groq", "too_large")

    assert (told.status_code, told.type, told.code) == (413, "tokens", "rate_limit_exceeded")
    assert "`m-1`" in told.message
    assert "param" not in told.body


def test_openrouter_hides_the_reason_in_its_metadata():
    told = raised("openrouter", "rate_limit")

    assert (told.status_code, told.code) == (429, "429")
    assert told.body["message"] == "Provider returned error"
    assert "m-1" in told.body["metadata"]["raw"]


@pytest.mark.parametrize(("kind", "status"), [("auth", 400), ("quota", 429), ("server_error", 500)])
def test_xai_says_an_error_as_text(kind, status):
    told = raised("xai", kind)

    assert (told.status_code, told.code) == (status, None)
    assert isinstance(told.body, str)


COMMENT = b": OPENROUTER PROCESSING\n\n"
ENVELOPE = {
    "id": "gen-1795424400-a1",
    "provider": "DeepInfra",
    "model": "m-1",
    "object": "chat.completion.chunk",
}
DELTAS = (
    {"role": "assistant", "content": "", "reasoning": "An order. "},
    {
        "content": "",
        "reasoning": "It came back.",
        "reasoning_details": [{"type": "reasoning.text", "text": "…"}],
    },
    {"content": "You get "},
    {"content": "20 EUR."},
)


def of_openrouter():
    """A stream as OpenRouter sends it: comments while it waits, the provider in each chunk, what the model thinks."""
    choices = [
        *({"index": 0, "delta": one, "finish_reason": None, "native_finish_reason": None} for one in DELTAS),
        {"index": 0, "delta": {"content": ""}, "finish_reason": "stop", "native_finish_reason": "stop"},
    ]
    chunks = [{**ENVELOPE, "created": 1_795_424_400, "choices": [one]} for one in choices]
    framed = [
        COMMENT,
        COMMENT,
        *(f"data: {json.dumps(one)}\n\n".encode() for one in chunks),
        b"data: [DONE]\n\n",
    ]
    return reply(200, [("content-type", "text/event-stream")], framed, at=0.2)


def test_a_stream_of_openrouter_reads_and_writes_as_it_came():
    said = WIRE.parse(of_openrouter())

    assert said.text == "You get 20 EUR."
    assert [one.text for one in said.parts if isinstance(one, Reasoning)] == ["An order. It came back."]
    assert said.complete
    assert WIRE.render(said, of_openrouter()) == of_openrouter()


def test_openrouter_ends_a_stream_that_failed_with_a_chunk_that_has_a_choice():
    asked = Request("POST", f"{HOSTS['openrouter']}/chat/completions", (), b'{"stream":true}')
    failed = ErrorEvent(error="overloaded", where="middle").apply(Target(asked, of_openrouter(), WIRE))
    *_, last = filter(None, failed.body.decode().split("\n\n"))
    told = json.loads(last.removeprefix("data: "))
    transport = httpx2.MockTransport(
        lambda _: httpx2.Response(200, headers=failed.headers, content=failed.body)
    )
    client = openai.OpenAI(
        api_key="sk-test", base_url=HOSTS["openrouter"], http_client=httpx2.Client(transport=transport)
    )
    stream, heard = client.chat.completions.create(model="m-1", messages=[], stream=True), []
    with pytest.raises(openai.APIError, match="overloaded"):
        heard.extend(stream)

    assert told["choices"][0]["finish_reason"] == "error"
    assert told["error"]["code"] == 503
    assert {**told, **ENVELOPE} == told
    assert heard
    assert not WIRE.parse(failed).complete
