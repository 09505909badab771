"""Bedrock's Converse API through boto3: what is recorded, rendered and faulted is what botocore reads."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, EventStreamError

from agent_chaos.cassette.redaction.redactor import Redactor
from agent_chaos.faults.plan import Plan, fault_of
from agent_chaos.providers.registry import protocols, recognise
from agent_chaos.providers.turn import Message, Reasoning, Text, ToolCall, ToolResult
from agent_chaos.record.recording import record_scenario
from agent_chaos.stream.exchange import Reply, Request, reply
from agent_chaos.trial.rehearsal import Rehearsal
from tests.faults.catalogued import SAID
from tests.spoken import request, spoken
from tests.standin import converse_wire
from tests.standin.said import Said
from tests.standin.server import standin
from tests.trials import recorded, scenario, trial

WIRE = protocols()["bedrock_converse"]
TOOL = {"toolSpec": {"name": "refund", "inputSchema": {"json": {"type": "object"}}}}
ASKED = {
    "modelId": converse_wire.MODEL,
    "messages": [{"role": "user", "content": [{"text": "go"}]}],
    "toolConfig": {"tools": [TOOL]},
}
HOST = "https://bedrock-runtime.us-east-1.amazonaws.com"
_session = boto3.Session(
    aws_access_key_id="AKIA" + "EXAMPLE" * 2, aws_secret_access_key="none", region_name="us-east-1"
)


def client(url: str = HOST, attempts: int = 2) -> Any:
    config = Config(retries={"total_max_attempts": attempts, "mode": "standard"})
    return _session.client("bedrock-runtime", endpoint_url=url, config=config)


HERE = client()


def whole(told: dict[str, Any]) -> str:
    blocks = told["output"]["message"]["content"]
    calls = [block["toolUse"]["input"] for block in blocks if "toolUse" in block]
    return f"{''.join(block.get('text', '') for block in blocks)}|{calls}|{told['stopReason']}"


def streamed(told: dict[str, Any]) -> str:
    """As the documentation reads a stream: texts joined, the input of each call put together and parsed at its stop."""
    text, calls, pieces, stop = "", [], None, ""
    for event in told["stream"]:
        if "toolUse" in event.get("contentBlockStart", {}).get("start", {}):
            pieces = []
        delta = event.get("contentBlockDelta", {}).get("delta", {})
        text += delta.get("text", "")
        if "toolUse" in delta:
            pieces.append(delta["toolUse"]["input"])
        if "contentBlockStop" in event and pieces is not None:
            calls.append(json.loads("".join(pieces)))
            pieces = None
        stop = event.get("messageStop", {}).get("stopReason", stop)
    return f"{text}|{calls}|{stop}"


def ask(stream: bool, using: Any = HERE) -> str:
    return streamed(using.converse_stream(**ASKED)) if stream else whole(using.converse(**ASKED))


def expected(said: Said) -> str:
    stop = "tool_use" if said.calls else "end_turn"
    return f"{said.text}|{[call.arguments for call in said.calls]}|{stop}"


FORMS = pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])


@FORMS
def test_a_run_against_a_server_is_recorded_and_replays_without_it(stream, tmp_path):
    said = SAID["tools"]
    with standin(lambda asked: said) as running:
        using = client(running.url)
        kept = {
            "hosts": ("127.0.0.1",),
            "cassette": tmp_path / "desk.msgpack",
            "pure_tools": ("look_up", "refund"),
        }
        one = scenario(lambda ctx, text: ask(stream, using), **kept)
        record_scenario(one)
    rehearsal = Rehearsal(one)
    (exchange,) = rehearsal.cassette.exchanges

    assert rehearsal.prepare().answers[0].text == expected(said)
    assert exchange.protocol == "bedrock_converse"
    assert WIRE.parse(exchange.reply).tool_calls[0].arguments
    assert "AKIA" not in str(exchange.request.headers)


@FORMS
@pytest.mark.parametrize("said", SAID)
def test_a_turn_survives_parse_and_render_for_botocore_too(said, stream):
    recording = spoken("bedrock_converse", SAID[said], stream=stream)
    fresh = WIRE.render(WIRE.parse(recording), Reply((recording.events[0], recording.events[-1])))
    one = scenario(lambda ctx, text: ask(stream))

    assert trial(one, recorded(one, [fresh])).answers[0].text == expected(SAID[said])


@FORMS
def test_a_throttled_call_is_asked_again_by_botocore_and_succeeds(stream):
    one = scenario(lambda ctx, text: ask(stream))
    cassette = recorded(one, [spoken("bedrock_converse", SAID["text"], stream=stream)])
    trace = trial(one, cassette, Plan.of([("call 0", fault_of({"kind": "rate_limit_plain"}))]))

    assert [call.reply.status for call in trace.calls] == [429, 200]
    assert trace.answers[0].text == expected(SAID["text"])


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("server_error", "InternalServerException"),
        ("overloaded", "ServiceUnavailableException"),
        ("auth_error", "UnrecognizedClientException"),
        ("permission_error", "AccessDeniedException"),
        ("not_found", "ResourceNotFoundException"),
        ("invalid_request", "ValidationException"),
        ("request_timeout", "ModelTimeoutException"),
        ("unprocessable", "ModelErrorException"),
    ],
)
def test_an_error_has_the_name_that_botocore_raises(kind, name):
    def agent(ctx, text):
        try:
            return ask(False)
        except ClientError as error:
            return error.response["Error"]["Code"]

    one = scenario(agent)
    cassette = recorded(one, [spoken("bedrock_converse", SAID["text"], stream=False)])
    fault = fault_of({"kind": kind})
    plan = Plan.of([("call 0", fault), ("call 0.1", fault)])

    assert trial(one, cassette, plan).answers[0].text == name


@pytest.mark.parametrize(
    ("error", "name"),
    [
        ("server_error", "modelStreamErrorException"),
        ("overloaded", "serviceUnavailableException"),
        ("rate_limit", "throttlingException"),
    ],
)
def test_an_exception_in_a_running_stream_is_botocores_own_error(error, name):
    def agent(ctx, text):
        try:
            return ask(True)
        except EventStreamError as raised:
            return raised.response["Error"]["Code"]

    one = scenario(agent)
    cassette = recorded(one, [spoken("bedrock_converse", SAID["text"], stream=True)])
    fault = fault_of({"kind": "error_event", "error": error, "where": "middle"})
    trace = trial(one, cassette, Plan.of([("call 0", fault)]))

    assert trace.answers[0].text == name
    assert WIRE.parse(trace.calls[0].reply).error["type"] == name


def test_a_stream_that_ends_inside_a_number_gives_botocore_another_number():
    def agent(ctx, text):
        pieces = [
            event["contentBlockDelta"]["delta"]["toolUse"]["input"]
            for event in HERE.converse_stream(**ASKED)["stream"]
            if "toolUse" in event.get("contentBlockDelta", {}).get("delta", {})
        ]
        return "".join(pieces)

    one = scenario(agent)
    cassette = recorded(one, [spoken("bedrock_converse", SAID["tools"], stream=True)])
    cut = fault_of({"kind": "truncate", "boundary": "mid_number", "offset": 0})

    assert trial(one, cassette, Plan.of([("call 0", cut)])).answers[0].text.endswith('"amount": 150')


def test_an_event_of_an_unknown_type_is_passed_over_by_botocore():
    one = scenario(lambda ctx, text: ask(True))
    cassette = recorded(one, [spoken("bedrock_converse", SAID["tools"], stream=True)])
    plan = Plan.of([("call 0", fault_of({"kind": "unknown_event"}))])

    assert trial(one, cassette, plan).answers[0].text == expected(SAID["tools"])


@FORMS
def test_a_thought_keeps_its_signature_whole_and_in_deltas(stream):
    plain = spoken("bedrock_converse", SAID["text"], stream=stream)
    turn = WIRE.parse(plain)
    thought = Reasoning("Hm.", {"signature": "c2lnbmVk"}, (1, 2) if stream else ())
    told = WIRE.render(type(turn)(**{**_fields(turn), "parts": (thought, *turn.parts)}), plain)
    one = scenario(lambda ctx, text: ask(stream))

    assert WIRE.parse(told).parts[0] == thought
    assert trial(one, recorded(one, [told])).answers[0].text == expected(SAID["text"])


def _fields(turn: Any) -> dict[str, Any]:
    return {name: getattr(turn, name) for name in type(turn).__dataclass_fields__}


def test_a_secret_in_a_stream_is_taken_out_and_the_checksums_are_right():
    secret = "desk-unshaped-key-7hq2-9931"
    said = Said(f"Your key {secret} is secret.")
    clean = Redactor({secret: "{{DESK_KEY}}"}).reply(spoken("bedrock_converse", said, stream=True))
    one = scenario(lambda ctx, text: ask(True))

    assert secret.encode() not in clean.body
    assert trial(one, recorded(one, [clean])).answers[0].text.startswith("Your key {{DESK_KEY}} is secret.")


CALL = ToolCall("tooluse_1", "refund", '{"amount":20}')
RESULT = ToolResult("tooluse_1", "refund", "done")
THANKS = Message("user", (Text("thanks"),))


@pytest.mark.parametrize(
    ("history", "rule"),
    [
        ((Message("assistant", (CALL,)), Message("tool", (RESULT,))), ""),
        ((Message("assistant", (CALL,)), THANKS), "tool call without a result"),
        ((Message("assistant", (Text("ok"),)), Message("tool", (RESULT,))), "result without a tool call"),
        ((Message("assistant", (CALL, CALL)), Message("tool", (RESULT,))), "an id twice"),
        ((Message("assistant", (CALL,)), Message("tool", (RESULT, RESULT))), "two results for one call"),
        ((Message("assistant", ()), THANKS), "empty message"),
        ((Message("assistant", (Text(" "),)), THANKS), "empty message"),
        ((THANKS,), "messages out of order"),
        (
            (
                Message("assistant", (ToolCall("a b", "refund", "{}"),)),
                Message("tool", (ToolResult("a b", "refund", "x"),)),
            ),
            "an id that is none",
        ),
    ],
)
def test_what_the_service_refuses_is_told_by_its_rule(history, rule):
    asked = request("bedrock_converse", stream=False, history=history)

    assert {problem.rule for problem in WIRE.problems(asked, ())} == ({rule} if rule else set())


def test_the_model_and_the_stream_stand_in_the_path_of_any_region():
    url = "https://bedrock-runtime.eu-west-1.amazonaws.com/model/eu.anthropic.claude%3A0/converse-stream"
    asked = Request("POST", url, (), b'{"messages":[]}')

    assert recognise(asked) is WIRE
    assert WIRE.streaming(asked)
    assert WIRE.prompt(asked).model == "eu.anthropic.claude:0"


def test_a_result_is_read_whether_it_is_text_json_or_neither():
    told = [{"text": "a"}], [{"json": {"b": 1}}], [{"image": {"format": "png"}}]
    blocks = [{"toolResult": {"toolUseId": "tooluse_1", "content": one}} for one in told]
    asked = {"messages": [{"role": "user", "content": blocks}]}
    (message,) = WIRE.prompt(
        Request("POST", f"{HOST}/model/m/converse", (), json.dumps(asked).encode())
    ).messages

    assert [part.content for part in message.parts] == ["a", '{"b":1}', '[{"image":{"format":"png"}}]']


def test_a_body_that_is_no_json_is_kept_as_it_is():
    page = reply(200, [("content-type", "application/json")], [b"<html>busy</html>"])

    assert WIRE.parse(page).complete is False
    assert WIRE.render(WIRE.parse(page), page).body == page.body
