"""Hosts that speak Chat Completions tell errors in their own shapes, which the OpenAI SDK reads as it can."""

from __future__ import annotations

import httpx2
import openai
import pytest

from agent_chaos.providers.registry import protocols
from agent_chaos.stream.exchange import Request

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
