"""Ollama's own API through its real SDK: what is recorded, rendered and faulted is what its client reads."""

from __future__ import annotations

import httpx
import ollama
import pytest

from agent_chaos.providers.registry import protocols, recognise
from agent_chaos.providers.turn import Reasoning
from agent_chaos.stream.exchange import Reply, Request
from tests.faults.catalogued import SAID
from tests.providers.replayed import answer, assert_cut_by_a_limit
from tests.spoken import spoken
from tests.standin.wires import MODELS

ASKED = {"model": MODELS["ollama"], "messages": [{"role": "user", "content": "go"}]}
WIRE = protocols()["ollama"]
THOUGHT = (
    b'{"model":"m","created_at":"2026-01-01T00:00:00Z","message":{"role":"assistant","content":"","thinking":"Hm."},"done":false}\n'
    b'{"model":"m","created_at":"2026-01-01T00:00:01Z","message":{"role":"assistant","content":"Yes"},"done":false}\n'
    b'{"model":"m","created_at":"2026-01-01T00:00:02Z","message":{"role":"assistant","content":"."},"done_reason":"stop","done":true}\n'
)


def streamed(ctx, text):
    chunks = list(ollama.Client().chat(**ASKED, stream=True))
    calls = [call.function.arguments for chunk in chunks for call in chunk.message.tool_calls or ()]
    return f"{''.join(chunk.message.content or '' for chunk in chunks)}|{calls}|{chunks[-1].done_reason}"


def whole(ctx, text):
    told = ollama.Client().chat(**ASKED)
    calls = [call.function.arguments for call in told.message.tool_calls or ()]
    return f"{told.message.content}|{calls}|{told.done_reason}"


AGENTS = pytest.mark.parametrize(
    ("agent", "stream"), [(whole, False), (streamed, True)], ids=["whole", "streamed"]
)


def read(reply: Reply) -> list[dict]:
    """What the SDK makes of a reply."""
    headers = [pair for pair in reply.headers if pair[0].lower() != "content-length"]
    transport = httpx.MockTransport(lambda asked: httpx.Response(200, headers=headers, content=reply.body))
    client = ollama.Client(transport=transport)
    stream = WIRE.framing(reply) is not None
    told = client.chat(**ASKED, stream=stream)
    return [one.model_dump() for one in told] if stream else [told.model_dump()]


@AGENTS
@pytest.mark.parametrize("said", SAID)
def test_a_recorded_reply_reaches_its_client_offline(agent, stream, said):
    calls = [call.arguments for call in SAID[said].calls]

    assert answer(agent, "ollama", said, stream=stream) == f"{SAID[said].text}|{calls}|stop"


@AGENTS
def test_a_limit_cuts_the_text_that_its_client_reads(agent, stream):
    assert_cut_by_a_limit(agent, "ollama", stream=stream)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("said", SAID)
def test_a_turn_survives_parse_and_render_for_the_sdk_too(said, stream):
    reply = spoken("ollama", SAID[said], stream=stream)
    turn = WIRE.parse(reply)
    fresh = WIRE.render(turn, Reply((reply.events[0], reply.events[-1])))

    assert WIRE.render(turn, reply) == reply
    assert WIRE.parse(fresh) == turn
    assert [dict(one, created_at="") for one in read(fresh)] == [
        dict(one, created_at="") for one in read(reply)
    ]


def test_thinking_and_an_end_that_carries_text_are_read_in_their_lines():
    reply = spoken("ollama", SAID["text"], stream=True)
    reply = type(reply)((reply.events[0], type(reply.events[1])(THOUGHT), reply.events[-1]))
    turn = WIRE.parse(reply)

    assert isinstance(turn.parts[0], Reasoning)
    assert (turn.text, turn.complete, turn.stop) == ("Yes.", True, "end")
    assert WIRE.render(turn, reply).body == THOUGHT


@pytest.mark.parametrize("kind", ["rate_limit", "server_error", "overloaded", "not_found"])
def test_an_error_is_the_sdks_own_error(kind):
    reply = WIRE.error_reply(kind, Request("POST", "http://localhost:11434/api/chat", (), b'{"model":"m"}'))
    client = ollama.Client(
        transport=httpx.MockTransport(lambda asked: httpx.Response(reply.status, content=reply.body))
    )
    with pytest.raises(ollama.ResponseError) as told:
        client.chat(**ASKED)

    assert told.value.status_code == reply.status
    assert told.value.error == reply.json["error"]


def test_an_error_in_a_stream_is_the_sdks_own_error():
    frames = WIRE.error_frames("server_error", spoken("ollama", SAID["text"], stream=True))
    told = httpx.MockTransport(lambda asked: httpx.Response(200, content=frames))
    with pytest.raises(ollama.ResponseError, match="unexpectedly stopped"):
        list(ollama.Client(transport=told).chat(**ASKED, stream=True))


def test_a_request_without_a_word_on_streaming_asks_for_a_stream():
    asked = Request("POST", "https://ollama.com/api/chat", (), b'{"model":"m","messages":[]}')

    assert recognise(asked) is WIRE
    assert WIRE.streaming(asked)
