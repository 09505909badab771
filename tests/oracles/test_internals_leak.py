"""What belongs into a log reaches the user, or the model's provider."""

import traceback

import pytest

from agent_chaos.oracles.verdict import Verdict
from agent_chaos.patch.tools import tool
from tests.oracles.desk import Unavailable, desk, fault, found, judged, refund

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
