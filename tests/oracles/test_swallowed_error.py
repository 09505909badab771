"""A failure that nobody hears of."""

import anthropic
import openai
import pytest

from agent_chaos.oracles.verdict import Verdict
from agent_chaos.patch.tools import tool
from tests.oracles.desk import KEY, SAID, SPEAKERS, desk, fault, found, judged, refund, strict
from tests.standin.said import Said
from tests.standin.wires import MODELS

REFUSED = {"call 1": fault("permission_error")}
PROTOCOLS = pytest.mark.parametrize("protocol", SPEAKERS)


def keeping_the_last(protocol, otherwise=None):
    """An agent that answers, where a call fails, with the last thing the model said."""

    def agent(ctx, text):
        conversation, last = SPEAKERS[protocol]([{"role": "user", "content": text}]), ""
        for _ in range(4):
            try:
                heard = conversation.ask()
            except Exception:
                return otherwise or last
            last = heard.text
            if not heard.calls:
                return last
            arguments = [strict(given) for *_, given in heard.calls]
            conversation.tell(heard, arguments, [tool(refund)(**given) for given in arguments])
        return last

    return agent


@PROTOCOLS
def test_what_the_model_said_before_a_failure_is_no_answer(protocol):
    outcome = judged(keeping_the_last(protocol), protocol, REFUSED)
    (violation,) = outcome.violations

    assert found(outcome) == {"swallowed_error:answer"}
    assert violation.before == SAID[1].text
    assert violation.after == SAID[0].text


@PROTOCOLS
def test_an_answer_in_words_of_its_own_passes(protocol):
    honest = keeping_the_last(protocol, otherwise="I cannot reach the desk now.")

    assert judged(honest, protocol, REFUSED).verdict is Verdict.PASS


def telling(words):
    def told(**arguments):
        try:
            return tool(refund)(**arguments)
        except RuntimeError:
            return words

    return desk("anthropic_messages", told)


RAISES = {"tool 0": fault("tool_raise")}
SUCCESS = refund(order="A-17", amount=1500)


def test_a_failed_tool_that_is_told_as_a_success_is_found():
    assert found(judged(telling(SUCCESS), "anthropic_messages", RAISES)) == {"swallowed_error:refund"}


def test_a_failed_tool_that_is_told_as_one_is_not_found():
    outcome = judged(telling("error: the refund did not go through"), "anthropic_messages", RAISES)

    assert not outcome.violations


def test_a_tool_whose_acknowledgement_was_lost_did_succeed():
    def told(**arguments):
        try:
            return tool(refund)(**arguments)
        except TimeoutError:
            return SUCCESS

    lost = {"tool 0": fault("tool_acknowledgement_lost", seconds=30)}

    assert judged(desk("anthropic_messages", told), "anthropic_messages", lost).verdict is Verdict.PASS


def answering_errors(words):
    """An agent that answers a failed call with what `words` makes of the provider's message."""

    def agent(ctx, text):
        try:
            return claude_of(text)
        except anthropic.APIStatusError as exc:
            return words(exc.body["error"]["message"] if isinstance(exc.body, dict) else str(exc))

    return agent


def claude_of(text):
    client = anthropic.Anthropic(api_key=KEY, max_retries=0)
    said = [{"role": "user", "content": text}]
    message = client.messages.create(model=MODELS["anthropic_messages"], max_tokens=99, messages=said)
    return message.content[0].text


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (lambda told: told, {"swallowed_error:answer"}),
        (lambda told: f"Sorry, that failed: {told}", set()),
        (lambda told: {"response": told, "status": "failed"}, set()),
    ],
    ids=["alone", "with-own-words", "with-a-field"],
)
def test_the_providers_own_words_for_a_failure_are_no_answer(words, expected):
    busy = {"call 0": fault("permission_error")}
    outcome = judged(
        answering_errors(words),
        "anthropic_messages",
        busy,
        said=(Said("The ferry leaves at nine."),),
        stream=False,
    )

    assert found(outcome) == expected


def test_another_models_reply_stands_for_the_one_that_failed():
    def ask(model, text):
        client = openai.OpenAI(api_key=KEY, max_retries=0)
        done = client.chat.completions.create(model=model, messages=[{"role": "user", "content": text}])
        return done.choices[0].message.content

    def agent(ctx, text):
        try:
            return ask(MODELS["openai_chat"], text)
        except openai.APIError:
            return ask("gpt-5.1-mini", text)

    faults = {"call 0": fault("permission_error"), "call 0.1": fault("garbled_text", shape="repeated")}
    outcome = judged(agent, "openai_chat", faults, said=(Said("The ferry leaves at nine."),), stream=False)

    assert outcome.trace.answers[0].text.startswith("The The"), "the other model was struck, too"
    assert found(outcome) == set()


def test_nobody_knows_what_the_model_says_to_a_question_that_was_never_recorded():
    def ask(text):
        client = openai.OpenAI(api_key=KEY, max_retries=0)
        messages = [{"role": "user", "content": text}]
        done = client.chat.completions.create(model=MODELS["openai_chat"], messages=messages)
        return done.choices[0].message.content

    def agent(ctx, text):
        ask("Which harbour is open?")
        try:
            return ask(text)
        except openai.APIError:
            return ask("Say sorry for an outage.")

    harbours = (Said("The harbour of Emden is open."), Said("The ferry leaves at nine."))
    outcome = judged(agent, "openai_chat", REFUSED, said=harbours, stream=False)

    assert outcome.verdict is Verdict.UNDECIDED
    assert found(outcome) == set()
