"""Laws of the protocols on every recorded reply: byte-exact frames, and turns that survive parse and render."""

import pytest

from agent_chaos.providers.registry import protocols, recognise
from agent_chaos.stream.framing.sse import SSE
from tests.providers.traffic import accepted, recorded

APIS = {
    "anthropic.messages": "anthropic_messages",
    "openai.chat": "openai_chat",
    "openai.responses": "openai_responses",
    "gemini.generate": "gemini",
}
ACCEPTED = [(api, one) for api in APIS for one in accepted(api) if recognise(one[1])]
RECORDED = [(api, one) for api in APIS for one in recorded(api)]


def name(value):
    return value[1][0] if isinstance(value, tuple) else None


@pytest.mark.skipif(not RECORDED, reason="the folder of recorded traffic is absent")
def test_the_recordings_are_recognised():
    unknown = {
        one[0] for api, one in RECORDED if (found := recognise(one[1])) is None or found.name != APIS[api]
    }

    assert len(RECORDED) > 300
    assert all("files" in one or "interactions" in one or "GET" for one in unknown)
    assert len(unknown) < 25, sorted(unknown)


@pytest.mark.parametrize("case", RECORDED, ids=name)
def test_frames_are_byte_exact(case):
    _, (_, _, reply) = case

    assert b"".join(frame.raw for frame in SSE.frames(reply.body)) == reply.body


@pytest.mark.parametrize("case", ACCEPTED, ids=name)
def test_a_turn_survives_parse_and_render(case):
    api, (_, _, reply) = case
    protocol = protocols()[APIS[api]]
    turn = protocol.parse(reply)
    rendered = protocol.render(turn, reply)

    assert protocol.parse(rendered) == turn


@pytest.mark.parametrize("case", ACCEPTED, ids=name)
def test_a_turn_survives_rendering_without_its_original_frames(case):
    api, (_, _, reply) = case
    protocol = protocols()[APIS[api]]
    turn = protocol.parse(reply)
    fresh = protocol.render(turn, type(reply)((reply.events[0], reply.events[-1])))

    assert protocol.parse(fresh) == turn
