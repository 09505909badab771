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


@pytest.mark.parametrize(
    "again",
    [
        lambda system, messages: ("Say sorry in the language of the message.", messages[-1:]),
        lambda system, messages: ("The guest must not eat nuts.", messages[-1:]),
        lambda system, messages: ("", [{"role": "user", "content": "No advice."}, *messages]),
    ],
    ids=["an-apology", "a-summary", "rules-as-a-message"],
)
@PROTOCOLS
def test_a_request_that_tells_something_of_its_own_may_be_no_attempt(protocol, again):
    outcome = outcome_of(protocol, again)

    assert not [one for one in outcome.violations if one.oracle == "lost_context"]


def test_the_conversation_may_be_what_made_the_reply_too_long():
    def agent(ctx, text):
        kept = ctx.agent_state.setdefault("kept", [])
        messages = [*kept, {"role": "user", "content": text}]
        client = openai.OpenAI(api_key=KEY, max_retries=0)
        for _ in range(3):
            asked = [{"role": "system", "content": RULES}, *messages]
            try:
                done = client.chat.completions.create(model=MODELS["openai_chat"], messages=asked).choices[0]
            except openai.APIError:
                continue
            if done.finish_reason == "stop":
                kept[:] = [*messages, {"role": "assistant", "content": done.message.content}]
                return done.message.content
            messages = messages[-1:]
        raise RuntimeError("no answer")

    subject = scenario(agent, ASKED[0])
    subject = subject.model_copy(update={"turns": [Turn(text) for text in ASKED]})
    cassette = recorded(subject, [spoken("openai_chat", one, i, stream=False) for i, one in enumerate(SAID)])
    clean = trial(subject, cassette)
    limit = fault("max_tokens_in_text", percent_lost=50)
    for plan in ({"call 1": limit}, {"call 1": fault(BUSY), "call 1.1": limit}):
        trace = trial(subject, cassette, Plan.of(plan.items()))
        outcome = judge(Evidence(trace, clean, Budget(), {}))

        assert len(trace.calls) == len(plan) + 2
        assert not [one for one in outcome.violations if one.oracle == "lost_context"]


@pytest.mark.parametrize("more", [{}, {"response_format": {"type": "json_object"}}], ids=["the-same", "JSON"])
def test_another_form_of_reply_is_another_question(more):
    def agent(ctx, text):
        user = {"role": "user", "content": text}
        client = openai.OpenAI(api_key=KEY, max_retries=0)
        try:
            done = client.chat.completions.create(
                model=MODELS["openai_chat"], messages=[{"role": "system", "content": RULES}, user]
            )
        except openai.APIError:
            done = client.chat.completions.create(model=MODELS["openai_chat"], messages=[user], **more)
        return done.choices[0].message.content

    subject = scenario(agent, ASKED[0])
    cassette = recorded(subject, [spoken("openai_chat", SAID[0], stream=False)])
    clean = trial(subject, cassette)
    trace = trial(subject, cassette, Plan.of({"call 0": fault(BUSY)}.items()))
    outcome = judge(Evidence(trace, clean, Budget(), {}))

    assert ("lost_context:system prompt" in found(outcome)) == (not more)


def test_what_is_asked_without_rules_anyway_may_have_other_settings():
    def agent(ctx, text):
        user = {"role": "user", "content": text}
        client = openai.OpenAI(api_key=KEY, max_retries=0)
        heard = []
        for messages in ([{"role": "system", "content": RULES}, user], [user]):
            for attempt in range(2):
                try:
                    done = client.chat.completions.create(
                        model=MODELS["openai_chat"], messages=messages, temperature=attempt / 10
                    )
                except openai.APIError:
                    continue
                heard.append(done.choices[0].message.content)
                break
        if len(heard) < 2:
            raise RuntimeError("no answer")
        return heard[0]

    subject = scenario(agent, ASKED[0])
    cassette = recorded(subject, [spoken("openai_chat", one, i, stream=False) for i, one in enumerate(SAID)])
    clean = trial(subject, cassette)
    plan = {"call 0": fault(BUSY), "call 1": fault(BUSY)}
    trace = trial(subject, cassette, Plan.of(plan.items()))

    assert len(trace.calls) == 4
    assert "lost_context:system prompt" not in found(judge(Evidence(trace, clean, Budget(), {})))
