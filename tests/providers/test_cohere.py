"""Cohere's own API through its real SDK: what is recorded, rendered and faulted is what its client reads."""

from __future__ import annotations

import json

import cohere
import httpx
import pytest

from agent_chaos.providers import rules
from agent_chaos.providers.registry import protocols, recognise
from agent_chaos.providers.turn import Opaque, Reasoning, Text
from agent_chaos.stream.exchange import Data, Reply, Request
from tests.faults.catalogued import SAID
from tests.providers.replayed import answer, assert_cut_by_a_limit
from tests.spoken import spoken
from tests.standin.wires import MODELS

URL = "https://api.cohere.com/v2/chat"
ASKED = {"model": MODELS["cohere"], "messages": [{"role": "user", "content": "go"}]}
WIRE = protocols()["cohere"]


def client(transport=None):
    return cohere.ClientV2(api_key="k", httpx_client=httpx.Client(transport=transport) if transport else None)


def streamed(ctx, text):
    said, calls, stop = "", {}, ""
    for event in client().chat_stream(**ASKED):
        match event.type:
            case "content-delta":
                said += event.delta.message.content.text
            case "tool-call-start":
                calls[event.index] = ""
            case "tool-call-delta":
                calls[event.index] += event.delta.message.tool_calls.function.arguments
            case "message-end":
                stop = event.delta.finish_reason
    return told(said, [json.loads(one) for one in calls.values()], stop)


def whole(ctx, text):
    reply = client().chat(**ASKED)
    calls = [json.loads(call.function.arguments) for call in reply.message.tool_calls or ()]
    said = "".join(part.text for part in reply.message.content or ())
    return told(said, calls, reply.finish_reason)


def told(said, calls, stop):
    return f"{said}|{calls}|{ {'COMPLETE': 'stop', 'TOOL_CALL': 'stop', 'MAX_TOKENS': 'length'}[stop] }"


AGENTS = pytest.mark.parametrize(
    ("agent", "stream"), [(whole, False), (streamed, True)], ids=["whole", "streamed"]
)


def read(reply: Reply) -> list[dict]:
    """What the SDK makes of a reply."""
    headers = [pair for pair in reply.headers if pair[0].lower() != "content-length"]
    sdk = client(httpx.MockTransport(lambda asked: httpx.Response(200, headers=headers, content=reply.body)))
    if WIRE.framing(reply) is None:
        return [sdk.chat(**ASKED).model_dump()]
    return [one.model_dump() for one in sdk.chat_stream(**ASKED)]


@AGENTS
@pytest.mark.parametrize("said", SAID)
def test_a_recorded_reply_reaches_its_client_offline(agent, stream, said):
    calls = [call.arguments for call in SAID[said].calls]

    assert answer(agent, "cohere", said, stream=stream) == f"{SAID[said].text}|{calls}|stop"


@AGENTS
def test_a_limit_cuts_the_text_that_its_client_reads(agent, stream):
    assert_cut_by_a_limit(agent, "cohere", stream=stream)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("said", SAID)
def test_a_turn_survives_parse_and_render_for_the_sdk_too(said, stream):
    reply = spoken("cohere", SAID[said], stream=stream)
    turn = WIRE.parse(reply)

    assert read(WIRE.render(turn, Reply((reply.events[0], reply.events[-1])))) == read(reply)


def of_events(*events: dict) -> Reply:
    reply = spoken("cohere", SAID["text"], stream=True)
    body = "".join(f"event: {one['type']}\ndata: {json.dumps(one)}\n\n" for one in events)
    return Reply((reply.events[0], Data(body.encode()), reply.events[-1]))


def content(kind: str, index: int, **block) -> dict:
    return {"type": f"content-{kind}", "index": index, "delta": {"message": {"content": block}}}


PLANNED = (
    {"type": "message-start", "id": "m1", "delta": {"message": {"role": "assistant"}}},
    {"type": "tool-plan-delta", "delta": {"message": {"tool_plan": "I will"}}},
    {"type": "tool-plan-delta", "delta": {"message": {"tool_plan": " look."}}},
    content("start", 0, type="thinking", thinking=""),
    content("delta", 0, thinking="Hm."),
    {"type": "content-end", "index": 0},
    content("start", 1, type="text", text=""),
    content("delta", 1, text="Paid."),
    {"type": "citation-start", "index": 0, "delta": {"message": {"citations": {"start": 0, "end": 4}}}},
    {"type": "citation-end", "index": 0},
    content("delta", 1, text=" Yes."),
    {"type": "content-end", "index": 1},
    content("start", 2, type="sketch", lines=[1]),
    {"type": "content-end", "index": 2},
    {
        "type": "message-end",
        "delta": {"finish_reason": "COMPLETE", "usage": {"tokens": {"input_tokens": 3.0}}},
    },
)


def test_a_plan_is_reasoning_and_citations_and_unknown_blocks_stay_where_they_came():
    reply = of_events(*PLANNED)
    turn = WIRE.parse(reply)

    assert [(type(part), getattr(part, "text", "")) for part in turn.parts] == [
        (Reasoning, "I will look."),
        (Reasoning, "Hm."),
        (Text, "Paid. Yes."),
        (Opaque, ""),
    ]
    assert (turn.text, turn.stop, turn.complete, turn.usage.input_tokens) == ("Paid. Yes.", "end", True, 3)
    assert WIRE.render(turn, reply) == reply
    assert WIRE.parse(WIRE.render(turn, Reply((reply.events[0], reply.events[-1])))) == turn


def test_a_stream_without_its_last_event_is_not_complete():
    turn = WIRE.parse(of_events(*PLANNED[:8]))

    assert (turn.text, turn.stop, turn.complete) == ("Paid.", None, False)
    assert WIRE.parse(WIRE.render(turn, of_events(*PLANNED))) == turn


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("rate_limit", cohere.TooManyRequestsError),
        ("server_error", cohere.InternalServerError),
        ("overloaded", cohere.ServiceUnavailableError),
        ("not_found", cohere.NotFoundError),
        ("auth", cohere.UnauthorizedError),
    ],
)
def test_an_error_is_the_sdks_own_error(kind, error):
    reply = WIRE.error_reply(kind, Request("POST", URL, (), b'{"model":"m"}'))
    transport = httpx.MockTransport(
        lambda asked: httpx.Response(reply.status, content=reply.body, headers=dict(reply.headers))
    )
    with pytest.raises(error) as raised:
        client(transport).chat(**ASKED, request_options={"max_retries": 0})

    assert raised.value.body["message"] == reply.json["message"]


def test_an_error_in_a_stream_is_told_by_its_last_event():
    begun = spoken("cohere", SAID["text"], stream=True)
    events = read(Reply((begun.events[0], Data(WIRE.error_frames("server_error", begun)), begun.events[-1])))

    assert [(one["type"], one["delta"]["finish_reason"]) for one in events] == [("message-end", "ERROR")]
    assert "internal server error" in events[0]["delta"]["error"]


CALL = {"id": "refund_1", "type": "function", "function": {"name": "refund", "arguments": "{}"}}
RESULT = {"role": "tool", "tool_call_id": "refund_1", "content": "done"}
USER = {"role": "user", "content": "go"}
CALLS = {"role": "assistant", "tool_calls": [CALL]}


@pytest.mark.parametrize(
    ("messages", "broken"),
    [
        ([USER, CALLS, RESULT], []),
        ([USER, CALLS, USER], [rules.UNANSWERED]),
        ([USER, RESULT], [rules.ORPHAN]),
        ([USER, {"role": "assistant", "tool_calls": [CALL, CALL]}, RESULT], [rules.REPEATED_ID]),
        ([USER, {"role": "assistant", "content": ""}], [rules.EMPTY]),
        (
            [USER, {**CALLS, "tool_calls": [{**CALL, "function": {"name": "", "arguments": '{"a'}}]}, RESULT],
            [rules.NAME, rules.ARGUMENTS],
        ),
        (
            [USER, {**CALLS, "tool_calls": [{**CALL, "id": ""}]}, {**RESULT, "tool_call_id": ""}],
            [rules.IDENTIFIER],
        ),
    ],
)
def test_what_the_server_refuses_is_told(messages, broken):
    asked = Request("POST", URL, (), json.dumps({**ASKED, "messages": messages}).encode())

    assert recognise(asked) is WIRE
    assert [problem.rule for problem in WIRE.problems(asked, ())] == broken


def test_a_result_that_comes_as_documents_is_read_as_their_text():
    document = {"type": "document", "document": {"data": {"total": 1500}}}
    asked = {**ASKED, "messages": [USER, CALLS, {**RESULT, "content": [document]}]}
    prompt = WIRE.prompt(Request("POST", URL, (), json.dumps(asked).encode()))

    assert prompt.messages[-1].parts[0].content == '{"total":1500}'


def test_text_that_no_event_began_is_heard_as_its_client_hears_it():
    reply = of_events(PLANNED[0], content("delta", 0, text="Paid."), PLANNED[-1])
    turn = WIRE.parse(reply)

    assert [one["type"] for one in read(reply)] == ["message-start", "content-delta", "message-end"]
    assert turn.text == "Paid."
    assert WIRE.render(turn, reply) == reply


@pytest.mark.parametrize("count", ["NaN", "Infinity", "true", "null"])
def test_a_count_of_tokens_that_is_no_number_is_none(count):
    body = '{"usage":{"tokens":{"input_tokens":' + count + ',"output_tokens":4.0}}}'
    turn = WIRE.parse(Reply((spoken("cohere", SAID["text"], stream=False).events[0], Data(body.encode()))))

    assert (turn.usage.input_tokens, turn.usage.output_tokens) == (0, 4)
