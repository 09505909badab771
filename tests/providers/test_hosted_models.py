"""Models behind other hosts' paths and with their additions, through the SDKs' own clients for them: Azure, Vertex AI."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import anthropic
import openai
import pytest
from google import genai
from google.oauth2.credentials import Credentials

from agent_chaos.faults.plan import Plan, fault_of
from agent_chaos.providers.registry import protocols
from agent_chaos.stream.exchange import Data, Reply
from agent_chaos.stream.framing.sse import SSE
from tests.faults.catalogued import SAID
from tests.spoken import spoken
from tests.trials import recorded, scenario, trial

QUESTION = [{"role": "user", "content": "go"}]
HARMLESS = {
    "hate": {"filtered": False, "severity": "safe"},
    "violence": {"filtered": False, "severity": "safe"},
}
BEGINNING = {
    "choices": [],
    "created": 0,
    "id": "",
    "model": "",
    "object": "",
    "prompt_filter_results": [{"prompt_index": 0, "content_filter_results": HARMLESS}],
}
"""The chunk that Azure begins a stream with: https://learn.microsoft.com/azure/ai-foundry/openai/concepts/content-filter"""


def of_azure(plain: Reply) -> Reply:
    """The stream with what Azure adds: a first chunk without choices, and the filter's results in each choice."""
    head, *_, end = plain.events
    frames = [json.dumps(BEGINNING), *map(filtered, (one.data for one in SSE.frames_of(plain)))]
    return Reply((head, *(Data(SSE.frame(data), 0.5) for data in frames), replace(end, at=0.5)))


def filtered(data: str) -> str:
    if data == "[DONE]":
        return data
    chunk = json.loads(data)
    choices = [{**choice, "content_filter_results": HARMLESS} for choice in chunk["choices"]]
    return json.dumps({**chunk, "choices": choices})


def by_azure(ctx: Any, text: str) -> str:
    client = openai.AzureOpenAI(
        api_key="none", api_version="2025-03-01-preview", azure_endpoint="https://desk.openai.azure.com"
    )
    chunks = list(client.chat.completions.create(model="desk-gpt", messages=QUESTION, stream=True))
    told = [one.choices[0] for one in chunks if one.choices]
    stop = [one.finish_reason for one in told if one.finish_reason]
    return f"{''.join(one.delta.content or '' for one in told)}|{stop}"


def by_anthropic_on_vertex(ctx: Any, text: str) -> str:
    client = anthropic.AnthropicVertex(
        project_id="desk", region="us-east5", access_token="none", max_retries=0
    )
    with client.messages.stream(model="claude-sonnet-5", max_tokens=9, messages=QUESTION) as stream:
        message = stream.get_final_message()
    return f"{message.content[0].text}|{message.stop_reason}"


def by_gemini_on_vertex(ctx: Any, text: str) -> str:
    client = genai.Client(
        vertexai=True, project="desk", location="us-central1", credentials=Credentials(token="none")
    )
    chunks = list(client.models.generate_content_stream(model="gemini-3-flash", contents="go"))
    return f"{''.join(one.text or '' for one in chunks)}|{chunks[-1].candidates[0].finish_reason.value}"


HOSTED = {
    "azure": (by_azure, "openai_chat", "desk-gpt", "['stop']", "['length']"),
    "anthropic on vertex": (
        by_anthropic_on_vertex,
        "anthropic_messages",
        "claude-sonnet-5",
        "end_turn",
        "max_tokens",
    ),
    "gemini on vertex": (by_gemini_on_vertex, "gemini", "gemini-3-flash", "STOP", "MAX_TOKENS"),
}


@pytest.mark.parametrize("host", HOSTED)
def test_a_hosted_model_is_known_by_its_path_and_faulted_as_on_its_own_host(host):
    agent, name, model, ended, limited = HOSTED[host]
    reply = spoken(name, SAID["text"], stream=True)
    one = scenario(agent)
    cassette = recorded(one, [of_azure(reply) if host == "azure" else reply])
    (exchange,) = cassette.exchanges
    wire = protocols()[name]
    cut = fault_of({"kind": "max_tokens_in_text", "percent_lost": 50})
    text, stop = trial(one, cassette, Plan.of([("call 0", cut)])).answers[0].text.split("|")

    assert exchange.protocol == name
    assert (wire.prompt(exchange.request).model, wire.streaming(exchange.request)) == (model, True)
    assert trial(one, cassette).answers[0].text == f"{SAID['text'].text}|{ended}"
    assert 0 < len(text) < len(SAID["text"].text)
    assert stop == limited


def test_what_azure_adds_stays_where_the_reply_is_changed():
    wire, plain = protocols()["openai_chat"], of_azure(spoken("openai_chat", SAID["text"], stream=True))
    turn = wire.parse(plain)
    limited = wire.render(turn.with_stop("length"), plain)
    told = [json.loads(one.data) for one in SSE.frames_of(limited) if one.data != "[DONE]"]

    assert turn.text == SAID["text"].text
    assert wire.render(turn, plain) == plain
    assert told[0] == BEGINNING
    assert all(choice["content_filter_results"] == HARMLESS for one in told for choice in one["choices"])
