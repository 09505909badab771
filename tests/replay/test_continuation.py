"""What the model says next where a fault decides it: the rest of its answer, or the same tool call without end."""

import functools

import anthropic
import openai
import pytest
from google import genai

from agent_chaos.faults.message.endless_tool_call import EndlessToolCall
from agent_chaos.faults.message.paused_in_text import PausedInText
from agent_chaos.faults.plan import Plan
from agent_chaos.faults.transport.server_errors import Overloaded
from agent_chaos.providers.turn import Message, Text
from agent_chaos.replay.continuation import PendingContinuation
from tests.faults.sdk_agents import AGENTS, KEY
from tests.spoken import request, spoken, target
from tests.standin.said import Called, Said
from tests.standin.wires import MODELS
from tests.tool_loops import QUESTION, SPEAKERS, agent_of
from tests.trials import recorded, scenario, trial

WHOLE = "Ihr Paket A-17 kommt morgen um 9 Uhr, und 20 € gehen auf Ihre Karte zurück."
TURNS = (Said("I look.", (Called.of("weather", {"city": "Zürich"}),)), Said("It is 21 °C in Zürich."))
HALF = PausedInText(percent_lost=50)


def resuming(ctx, text):
    """As Anthropic's documentation has it: what was said goes back, and the model goes on."""
    client, said = anthropic.Anthropic(api_key=KEY), ""
    messages = [{"role": "user", "content": text}]
    while True:
        reply = client.messages.create(model=MODELS["anthropic_messages"], max_tokens=99, messages=messages)
        said += "".join(block.text for block in reply.content)
        if reply.stop_reason != "pause_turn":
            return said
        messages = [*messages, {"role": "assistant", "content": reply.content}]


def streaming(ctx, text):
    """google-genai goes on by itself, by the token of the last chunk."""
    client = genai.Client(api_key=KEY)
    chunks = client.models.generate_content_stream(model=MODELS["gemini"], contents=text)
    return "".join(chunk.text or "" for chunk in chunks)


def ran(agent, protocol, plan, *, stream):
    subject = scenario(agent)
    cassette = recorded(subject, [spoken(protocol, Said(WHOLE), stream=stream)])
    return trial(subject, cassette, Plan.of(plan))


AGENTS_THAT_GO_ON = {
    "anthropic": (resuming, "anthropic_messages", False),
    "gemini": (lambda ctx, text: AGENTS["gemini", False, "sync"](ctx, text)["response"], "gemini", False),
    "gemini streamed": (streaming, "gemini", True),
}
going_on = pytest.mark.parametrize(
    ("agent", "protocol", "stream"), AGENTS_THAT_GO_ON.values(), ids=AGENTS_THAT_GO_ON.keys()
)


@going_on
def test_a_client_that_asks_on_gets_the_rest(agent, protocol, stream):
    trace = ran(agent, protocol, [("call 0", HALF)], stream=stream)

    assert trace.answers[0].text == WHOLE
    assert [str(call.site) for call in trace.calls] == ["call 0", "call 0.1"]
    assert all(call.fidelity.full for call in trace.calls)


@going_on
def test_a_model_can_pause_again_and_again(agent, protocol, stream):
    trace = ran(agent, protocol, [(f"call 0.{again}", HALF) for again in range(3)], stream=stream)

    assert trace.answers[0].text == WHOLE
    assert [len(call.fired) for call in trace.calls] == [1, 1, 1, 0]


@going_on
def test_the_second_hop_can_fail(agent, protocol, stream):
    trace = ran(agent, protocol, [("call 0", HALF), ("call 0.1", Overloaded())], stream=stream)

    assert [call.reply.ok for call in trace.calls][:2] == [True, False]
    if protocol == "gemini":
        assert trace.raised[0].type.endswith("ServerError")
    else:
        assert trace.answers[0].text == WHOLE


def test_a_client_that_does_not_ask_on_has_half_an_answer():
    def agent(ctx, text):
        return AGENTS["anthropic_messages", False, "sync"](ctx, text)["response"]

    trace = ran(agent, "anthropic_messages", [("call 0", HALF)], stream=False)

    assert WHOLE.startswith(trace.answers[0].text)
    assert len(trace.answers[0].text) < len(WHOLE)
    assert len(trace.calls) == 1


ENDLESS = EndlessToolCall()


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("protocol", SPEAKERS)
def test_a_model_asks_for_the_same_call_as_long_as_it_is_answered(protocol, stream):
    agent = agent_of(protocol, "https://api.test", style="sync", stream=stream)
    subject = scenario(agent, QUESTION)
    cassette = recorded(subject, [spoken(protocol, said, n, stream=stream) for n, said in enumerate(TURNS)])
    trace = trial(subject, cassette, Plan.of([("call 1", ENDLESS)]), max_requests=12)

    assert len(trace.calls) == 12
    assert [len(call.fired) for call in trace.calls[:3]] == [0, 1, 0]
    assert {run.name for run in trace.tools} == {"weather"}
    assert len(trace.tools) == 12
    assert trace.incidents_of("budget")


def test_no_two_of_the_same_calls_share_an_id():
    agent = agent_of("openai_chat", "https://api.test", style="sync", stream=False)
    subject = scenario(agent, QUESTION)
    cassette = recorded(
        subject, [spoken("openai_chat", said, n, stream=False) for n, said in enumerate(TURNS)]
    )
    trace = trial(subject, cassette, Plan.of([("call 1", ENDLESS)]), max_requests=6)
    ids = [call.reply.json["choices"][0]["message"]["tool_calls"][0]["id"] for call in trace.calls]

    assert len(set(ids)) == len(ids) == 6


def going_over_to_state(ctx, text):
    """Sends its history once, and from then on names the reply before and brings results alone."""
    client = openai.OpenAI(api_key=KEY)
    ask = functools.partial(client.responses.create, model=MODELS["openai_responses"])
    reply, before = ask(input=text), [{"role": "user", "content": text}]
    while calls := [one for one in reply.output if one.type == "function_call"]:
        results = [{"type": "function_call_output", "call_id": one.call_id, "output": "21"} for one in calls]
        if before:
            reply, before = ask(input=[*before, *reply.output, *results]), []
        else:
            reply = ask(input=results, previous_response_id=reply.id)
    return reply.output_text


def test_the_same_call_is_asked_for_again_also_where_the_server_keeps_the_conversation():
    subject = scenario(going_over_to_state, QUESTION)
    replies = [spoken("openai_responses", said, n, stream=False) for n, said in enumerate(TURNS)]
    trace = trial(subject, recorded(subject, replies), Plan.of([("call 1", ENDLESS)]), max_requests=5)

    assert [str(call.site) for call in trace.calls] == [
        "call 0",
        "call 1",
        "call 1.1",
        "call 1.2",
        "call 1.3",
    ]
    assert not trace.incidents_of("miss")


@pytest.mark.parametrize(
    ("said", "goes_on"), [("what it had said", True), ("Something else.", False), (" ", False)]
)
def test_only_the_words_of_a_turn_that_paused_go_on_with_it(said, goes_on):
    paused = target("anthropic_messages", Said(WHOLE), stream=False)
    served = HALF.apply(paused)
    waiting = PendingContinuation.of(0, HALF, paused, served)
    last = paused.protocol.parse(served).text if goes_on else said
    asked = request("anthropic_messages", stream=False, history=(Message("assistant", (Text(last),)),))

    assert waiting.is_continuation(asked) is goes_on
