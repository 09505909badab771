"""Mistral's chat API through its real SDK: what is recorded, faulted and refused is what its client reads."""

from __future__ import annotations

import httpx2
import pytest
from mistralai.client import Mistral
from mistralai.client.errors import SDKError

from agent_chaos.providers import rules
from agent_chaos.providers.registry import protocols, recognise
from agent_chaos.stream.exchange import Reply, Request
from tests.faults.catalogued import SAID
from tests.providers.replayed import answer, assert_cut_by_a_limit
from tests.spoken import request, spoken
from tests.standin.wires import MODELS

ASKED = {"model": MODELS["mistral"], "messages": [{"role": "user", "content": "go"}]}
WIRE = protocols()["mistral"]


def client(**options):
    return Mistral(api_key="0123456789abcdef0123456789abcdef", **options)


def streamed(ctx, text):
    chunks = [event.data.choices[0] for event in client().chat.stream(**ASKED)]
    calls = [call.function.arguments for chunk in chunks for call in chunk.delta.tool_calls or ()]
    return f"{''.join(chunk.delta.content or '' for chunk in chunks)}|{calls}|{chunks[-1].finish_reason}"


def whole(ctx, text):
    told = client().chat.complete(**ASKED).choices[0]
    calls = [call.function.arguments for call in told.message.tool_calls or ()]
    return f"{told.message.content}|{calls}|{told.finish_reason}"


AGENTS = pytest.mark.parametrize(
    ("agent", "stream"), [(whole, False), (streamed, True)], ids=["whole", "streamed"]
)


@AGENTS
@pytest.mark.parametrize("said", SAID)
def test_a_recorded_reply_reaches_its_client_offline(agent, stream, said):
    calls = [call.text for call in SAID[said].calls]

    assert (
        answer(agent, "mistral", said, stream=stream)
        == f"{SAID[said].text}|{calls}|{'tool_calls' if calls else 'stop'}"
    )


@AGENTS
def test_a_limit_cuts_the_text_that_its_client_reads(agent, stream):
    assert_cut_by_a_limit(agent, "mistral", stream=stream)


def read(reply: Reply) -> list[dict]:
    """What the SDK makes of a reply."""
    headers = [pair for pair in reply.headers if pair[0].lower() != "content-length"]
    answers = httpx2.MockTransport(lambda asked: httpx2.Response(200, headers=headers, content=reply.body))
    chat = client(client=httpx2.Client(transport=answers)).chat
    told = chat.stream(**ASKED) if WIRE.framing(reply) else [chat.complete(**ASKED)]
    return [one.model_dump() for one in told]


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("said", SAID)
def test_a_turn_survives_parse_and_render_for_the_sdk_too(said, stream):
    reply = spoken("mistral", SAID[said], stream=stream)
    turn = WIRE.parse(reply)
    fresh = WIRE.render(turn, Reply((reply.events[0], reply.events[-1])))

    assert WIRE.render(turn, reply) == reply
    assert WIRE.parse(fresh) == turn
    assert read(fresh) == read(reply)


@pytest.mark.parametrize("kind", ["rate_limit", "server_error", "overloaded", "auth", "invalid_request"])
def test_an_error_is_the_sdks_own_error(kind):
    reply = WIRE.error_reply(kind, request("mistral", stream=False))
    answers = httpx2.MockTransport(lambda asked: httpx2.Response(reply.status, content=reply.body))
    with pytest.raises(SDKError) as told:
        client(client=httpx2.Client(transport=answers)).chat.complete(**ASKED)

    assert told.value.status_code == reply.status
    assert (reply.json.get("message") or reply.json["detail"]) in told.value.body


def test_an_error_in_a_stream_is_no_part_of_what_the_model_said():
    reply = spoken("mistral", SAID["text"], stream=True)
    begun = b"".join(one.raw for one in WIRE.framings[0].frames_of(reply)[:3])
    broken = Reply(
        (
            reply.events[0],
            type(reply.events[1])(begun + WIRE.error_frames("server_error", reply), 1.0),
            reply.events[-1],
        )
    )
    turn = WIRE.parse(broken)

    assert turn.error is not None
    assert turn.error["code"] == "1000"
    assert not turn.complete
    assert WIRE.render(turn, broken).body == broken.body


def test_only_its_own_hosts_speak_it():
    path = "v1/chat/completions"

    assert recognise(Request("POST", f"https://api.mistral.ai/{path}", (), b"{}")) is WIRE
    assert recognise(Request("POST", f"https://api.groq.com/{path}", (), b"{}")) is protocols()["openai_chat"]


USER, CALL = (
    {"role": "user", "content": "go"},
    {"id": "D681PevKs", "function": {"name": "refund", "arguments": "{}"}},
)
CALLS = {"role": "assistant", "content": "", "tool_calls": [CALL]}
RESULT = {"role": "tool", "tool_call_id": "D681PevKs", "content": "done"}
REFUSED = {
    "a result and then the user": ([USER, CALLS, RESULT, USER], rules.ORDER),
    "the model has the last word": ([USER, {"role": "assistant", "content": "Hi"}], rules.ORDER),
    "a call without a result": ([USER, CALLS, USER], rules.UNANSWERED),
    "a result of no call": ([USER, CALLS, RESULT, {**RESULT, "tool_call_id": "other1234"}], rules.ORPHAN),
    "an id of another provider": (
        [
            USER,
            {**CALLS, "tool_calls": [{**CALL, "id": "call_0fypS1hVX"}]},
            {**RESULT, "tool_call_id": "call_0fypS1hVX"},
        ],
        rules.IDENTIFIER,
    ),
    "nothing said": ([USER, {"role": "assistant", "content": ""}, USER], rules.EMPTY),
}


def refused(messages):
    body = httpx2.Request("POST", WIRE.url, json={"model": "m", "messages": messages}).read()
    return {problem.rule for problem in WIRE.problems(Request("POST", WIRE.url, (), body), ())}


@pytest.mark.parametrize("case", REFUSED)
def test_what_the_api_refuses_is_told_in_its_words(case):
    messages, rule = REFUSED[case]

    assert refused(messages) == {rule}


def test_a_conversation_in_order_is_not_refused():
    assert refused([{"role": "system", "content": "Be kind."}, USER, CALLS, RESULT]) == set()
    assert refused([USER, {"role": "assistant", "content": "Hi"}, USER]) == set()
