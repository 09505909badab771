"""What belongs into a log reaches the user, or the model's provider."""

import os
import traceback

import httpx
import pytest

from agent_chaos.faults.plan import Plan
from agent_chaos.oracles.verdict import Verdict
from agent_chaos.patch.tools import tool
from agent_chaos.trial.rehearsal import Rehearsal
from tests.oracles.desk import KEY, Unavailable, desk, fault, found, judged, refund
from tests.spoken import MODELS, spoken
from tests.standin.said import Said
from tests.trials import recorded, scenario

ADDRESS = f"https://generativelanguage.googleapis.com/v1beta/models/{MODELS['gemini']}:generateContent"

SECRET = {"tool 0": fault("tool_secret_error")}


def answering(words):
    """An agent that answers its own failures."""

    def agent(ctx, text):
        try:
            return desk("anthropic_messages", tool(refund))(ctx, text)
        except Exception as error:
            return words(error)

    return agent


def telling(words):
    """An agent that tells the model of a tool's failure."""

    def told(**arguments):
        try:
            return tool(refund)(**arguments)
        except ConnectionError as error:
            return words(error)

    return desk("anthropic_messages", told)


@pytest.mark.parametrize(
    ("words", "kinds"),
    [
        (str, {"credential in the answer"}),
        (
            lambda e: "".join(traceback.format_exception(e)),
            {"credential in the answer", "traceback in the answer"},
        ),
        (lambda e: f"failed in {traceback.format_tb(e.__traceback__)[0]}", {"traceback in the answer"}),
    ],
    ids=["message", "traceback", "place"],
)
def test_an_exception_as_an_answer_is_found(words, kinds):
    outcome = judged(answering(words), "anthropic_messages", SECRET)

    assert found(outcome) == {f"internals_leak:{kind}" for kind in kinds}


@pytest.mark.parametrize(
    ("words", "kinds"),
    [
        ("Something went wrong: {}", {"internals_leak:credential in the answer"}),
        ("Dear {{{{NAME}}}}, something went wrong.", set()),
    ],
    ids=["url-with-a-key", "template"],
)
def test_the_runs_own_key_in_an_errors_url_is_found(monkeypatch, words, kinds):
    monkeypatch.setenv("GEMINI_API_KEY", KEY)

    def agent(ctx, text):
        asked = {"contents": [{"role": "user", "parts": [{"text": text}]}]}
        try:
            return (
                httpx.post(f"{ADDRESS}?key={os.environ['GEMINI_API_KEY']}", json=asked)
                .raise_for_status()
                .text
            )
        except httpx.HTTPError as error:
            return words.format(error)

    subject = scenario(agent, "When?")
    cassette = recorded(subject, [spoken("gemini", Said("At nine."), 0, stream=False)])
    outcome = Rehearsal(subject, cassette=cassette).trial(Plan.of([("call 0", fault("server_error"))]))

    assert KEY not in outcome.trace.answers[0].text
    assert outcome.fingerprints & {"internals_leak:credential in the answer"} == kinds


def test_a_credential_in_a_tool_result_is_found_where_it_is_sent():
    outcome = judged(telling(str), "anthropic_messages", SECRET)

    assert found(outcome) == {"internals_leak:credential sent to the model"}


def test_failures_in_words_of_their_own_pass():
    for agent in (
        answering(lambda error: "The desk is closed."),
        telling(lambda error: "error: no connection"),
    ):
        outcome = judged(agent, "anthropic_messages", SECRET)

        assert not [one for one in outcome.violations if one.oracle == "internals_leak"]


def test_exceptions_that_escape_are_another_oracles_matter():
    def raising(error):
        raise Unavailable("closed") from error

    outcome = judged(answering(raising), "anthropic_messages", SECRET)

    assert outcome.verdict is Verdict.PASS
