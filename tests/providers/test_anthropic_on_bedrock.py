"""Anthropic's models on Bedrock, through Anthropic's own client and through boto3: its events, each in a message of Amazon's."""

from __future__ import annotations

import base64
import json
from typing import Any

import anthropic
import boto3
import pytest

from agent_chaos.faults.plan import Plan, fault_of
from agent_chaos.providers.registry import protocols, recognise
from agent_chaos.record.recording import record_scenario
from agent_chaos.stream.exchange import Reply, Request, reply
from agent_chaos.stream.framing.registry import evident_framing
from agent_chaos.stream.framing.sse import SSE
from agent_chaos.trial.rehearsal import Rehearsal
from tests.faults.catalogued import SAID
from tests.patch.raw_server import Got, Wire, serving
from tests.spoken import spoken
from tests.standin import converse_wire
from tests.trials import recorded, scenario, trial

WIRE = protocols()["anthropic_messages"]
KEYS = {"aws_access_key": "none", "aws_secret_key": "none", "aws_region": "us-east-1"}
CLIENT = anthropic.AnthropicBedrock(**KEYS, max_retries=1)
ASKED: dict[str, Any] = {
    "model": "us.anthropic.claude-sonnet-5-v1:0",
    "max_tokens": 100,
    "messages": [{"role": "user", "content": "go"}],
}


def on_bedrock(said: str) -> Reply:
    """The stream of a turn as Bedrock passes it on."""
    plain = spoken("anthropic_messages", SAID[said], stream=True)
    return reply(200, [("content-type", converse_wire.STREAM)], chunks_of(plain), at=0.4, gap_s=0.02)


def chunks_of(plain: Reply) -> list[bytes]:
    held = [base64.b64encode(one.data.encode()).decode() for one in SSE.frames_of(plain)]
    return [
        converse_wire.message(
            json.dumps({"bytes": one, "p": "abcd"}).encode(),
            event_type="chunk",
            content_type="application/json",
            message_type="event",
        )
        for one in held
    ]


def streamed(using: Any = CLIENT) -> str:
    with using.messages.stream(**ASKED) as stream:
        message = stream.get_final_message()
    calls = [block.input for block in message.content if block.type == "tool_use"]
    texts = [block.text for block in message.content if block.type == "text"]
    return f"{''.join(texts)}|{calls}|{message.stop_reason}"


def expected(said: str) -> str:
    stop = "tool_use" if SAID[said].calls else "end_turn"
    return f"{SAID[said].text}|{[call.arguments for call in SAID[said].calls]}|{stop}"


@pytest.mark.parametrize("said", SAID)
def test_a_stream_is_read_as_on_the_apis_own_host_and_survives_rendering(said):
    recording = on_bedrock(said)
    one = scenario(lambda ctx, text: streamed())
    turn = WIRE.parse(recording)
    fresh = WIRE.render(turn, Reply((recording.events[0], recording.events[-1])))

    assert turn == WIRE.parse(spoken("anthropic_messages", SAID[said], stream=True))
    assert WIRE.render(turn, recording) == recording
    assert evident_framing(recording).name == "aws_chunks"
    assert trial(one, recorded(one, [fresh])).answers[0].text == expected(said)


def test_a_run_with_signed_headers_is_recorded_as_it_was_signed_and_replays_without_its_server(tmp_path):
    seen = []

    def bedrock(got: Got, wire: Wire) -> None:
        seen.append({name.lower(): value for name, value in got.headers.items()})
        wire.whole(spoken("anthropic_messages", SAID["text"], stream=False).body)

    with serving(bedrock) as url:
        using = anthropic.AnthropicBedrock(**KEYS, base_url=url, max_retries=0, timeout=60)
        one = scenario(
            lambda ctx, text: using.messages.create(**ASKED).content[0].text,
            hosts=("127.0.0.1",),
            cassette=tmp_path / "desk.msgpack",
        )
        record_scenario(one)
    rehearsal = Rehearsal(one)

    assert "accept-encoding" in seen[0]["authorization"]
    assert seen[0]["accept-encoding"] != "identity"
    assert rehearsal.prepare().answers[0].text == SAID["text"].text
    assert rehearsal.cassette.exchanges[0].protocol == "anthropic_messages"


def test_boto3_reads_what_a_limit_left_of_a_stream():
    client = boto3.client(
        "bedrock-runtime", region_name="us-east-1", aws_access_key_id="none", aws_secret_access_key="none"
    )
    body = json.dumps({"anthropic_version": "bedrock-2023-05-31", **ASKED})

    def agent(ctx: Any, text: str) -> str:
        told = client.invoke_model_with_response_stream(modelId=ASKED["model"], body=body)
        events = [json.loads(one["chunk"]["bytes"]) for one in told["body"]]
        said = "".join(one["delta"].get("text", "") for one in events if one["type"] == "content_block_delta")
        stop = [one["delta"]["stop_reason"] for one in events if one["type"] == "message_delta"]
        return f"{said}|{stop}"

    one = scenario(agent)
    cassette = recorded(one, [on_bedrock("text")])
    cut = fault_of({"kind": "max_tokens_in_text", "percent_lost": 50})
    text, stop = trial(one, cassette, Plan.of([("call 0", cut)])).answers[0].text.split("|")

    assert 0 < len(text) < len(SAID["text"].text)
    assert stop == "['max_tokens']"


@pytest.mark.parametrize(
    ("fault", "name"),
    [
        ({"kind": "overloaded"}, "ServiceUnavailableError"),
        ({"kind": "rate_limit_plain"}, "RateLimitError"),
        ({"kind": "invalid_request"}, "BadRequestError"),
        ({"kind": "error_event", "error": "rate_limit", "where": "middle"}, "APIStatusError"),
    ],
)
def test_an_error_is_amazons_and_comes_out_as_the_clients_own(fault, name):
    def agent(ctx: Any, text: str) -> str:
        try:
            return streamed()
        except anthropic.APIError as error:
            return type(error).__name__

    one = scenario(agent)
    struck = fault_of(fault)
    plan = Plan.of([("call 0", struck), ("call 0.1", struck)])
    trace = trial(one, recorded(one, [on_bedrock("text")]), plan)

    assert trace.answers[0].text == name
    assert trace.calls[0].reply.header("x-amzn-errortype") or WIRE.parse(trace.calls[0].reply).error


def test_other_vendors_models_on_bedrock_are_not_taken_for_anthropics():
    url = "https://bedrock-runtime.us-east-1.amazonaws.com/model/meta.llama4%3A0/invoke"

    assert recognise(Request("POST", url, (), b'{"prompt":"go"}')) is None
    assert recognise(Request("POST", url, (), b'{"anthropic_version":"bedrock-2023-05-31"}')) is WIRE
