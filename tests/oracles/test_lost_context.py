"""What is asked after a failure, without what the first attempt told the model."""

import anthropic
import openai
import pytest
from google import genai
from google.genai import types

from agent_chaos.faults.plan import Plan
from agent_chaos.oracles.judge import judge
from agent_chaos.oracles.oracle import Budget, Evidence
from agent_chaos.oracles.verdict import Verdict
from agent_chaos.scenario.model import Turn
from tests.oracles.desk import KEY, fault, found
from tests.spoken import spoken
from tests.standin.said import Said
from tests.standin.wires import MODELS
from tests.trials import recorded, scenario, trial

RULES = "You are the desk of a pharmacy. Never give medical advice of your own."
ASKED = ("I am allergic to nuts.", "Which cake can I take?")
SAID = (Said("I keep that in mind: no nuts."), Said("Take the lemon tart."))
BUSY = "server_error"


def claude(system, messages, model="anthropic_messages"):
    client = anthropic.Anthropic(api_key=KEY, max_retries=0)
    rules = {"system": system} if system else {}
    message = client.messages.create(model=MODELS[model], max_tokens=99, messages=messages, **rules)
    return message.content[0].text


def chat(system, messages):
    client = openai.OpenAI(api_key=KEY, max_retries=0)
    rules = [{"role": "system", "content": system}] if system else []
    done = client.chat.completions.create(model=MODELS["openai_chat"], messages=[*rules, *messages])
    return done.choices[0].message.content


def responses(system, messages):
    client = openai.OpenAI(api_key=KEY, max_retries=0)
    rules = {"instructions": system} if system else {}
    return client.responses.create(model=MODELS["openai_responses"], input=messages, **rules).output_text


def gemini(system, messages):
    roles = {"user": "user", "assistant": "model"}
    contents = [
        types.Content(role=roles[one["role"]], parts=[types.Part(text=one["content"])]) for one in messages
    ]
    config = types.GenerateContentConfig(system_instruction=system or None)
    with genai.Client(api_key=KEY) as client:
        return client.models.generate_content(model=MODELS["gemini"], contents=contents, config=config).text


ASK = {"anthropic_messages": claude, "openai_chat": chat, "openai_responses": responses, "gemini": gemini}
PROTOCOLS = pytest.mark.parametrize("protocol", ASK)


def waiter(ask, again, mark=""):
    """An agent of two turns; `again` makes system prompt and messages of the second attempt from those of the first."""
    kept = []

    def agent(ctx, text):
        if text == ASKED[0]:
            kept.clear()
        messages = [*kept, {"role": "user", "content": text}]
        try:
            said = ask(RULES, messages)
        except Exception:
            said = mark + ask(*again(RULES, messages))
        kept[:] = [*messages, {"role": "assistant", "content": said}]
        return said

    return agent


def outcome_of(protocol, again, struck=BUSY, mark=""):
    subject = scenario(waiter(ASK[protocol], again, mark), ASKED[0])
    subject = subject.model_copy(update={"turns": [Turn(text) for text in ASKED]})
    cassette = recorded(subject, [spoken(protocol, one, i, stream=False) for i, one in enumerate(SAID)])
    clean = trial(subject, cassette)

    assert judge(Evidence(clean, clean, Budget(), {})).verdict is Verdict.PASS
    trace = trial(subject, cassette, Plan.of({"call 1": fault(struck)}.items()))
    return judge(Evidence(trace, clean, Budget(), {}))


@PROTOCOLS
def test_a_second_attempt_without_the_system_prompt_is_found(protocol):
    outcome = outcome_of(protocol, lambda system, messages: ("", messages))

    assert found(outcome) == {"lost_context:system prompt"}
    assert "Never give medical advice" in outcome.violations[0].reason


@PROTOCOLS
def test_a_second_attempt_without_the_conversation_is_found(protocol):
    outcome = outcome_of(protocol, lambda system, messages: (system, messages[-1:]))

    assert "lost_context:conversation" in found(outcome)


@PROTOCOLS
def test_a_second_attempt_with_all_of_it_is_not(protocol):
    assert not found(outcome_of(protocol, lambda system, messages: (system, messages)))


def test_other_words_for_another_model_are_no_loss():
    outcome = outcome_of("openai_chat", lambda system, messages: ("A pharmacy. No advice.", messages))

    assert not [one for one in outcome.violations if one.oracle == "lost_context"]


def test_a_conversation_told_as_one_text_is_no_loss():
    def in_short(system, messages):
        told = "\n".join(one["content"] for one in messages[:-1])
        return f"{system}\nSo far: {told}", messages[-1:]

    assert not [one for one in outcome_of("openai_chat", in_short).violations if one.oracle == "lost_context"]


def test_less_is_asked_rightly_where_it_was_too_much():
    outcome = outcome_of("openai_chat", lambda system, messages: (system, messages[-1:]), "context_length")

    assert not [one for one in outcome.violations if one.oracle == "lost_context"]


def test_an_answer_that_says_what_was_given_up_is_no_finding():
    outcome = outcome_of(
        "openai_chat",
        lambda system, messages: (system, messages[-1:]),
        mark="(I had to start afresh.) ",
    )

    assert not [one for one in outcome.violations if one.oracle == "lost_context"]
