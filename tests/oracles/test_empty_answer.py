"""A run that succeeds with nothing to say."""

import pytest

from agent_chaos.oracles.verdict import Verdict
from tests.oracles.desk import SPEAKERS, Unavailable, desk, fault, found, judged, refund, strict, whole
from tests.standin.said import Said

COMMA = fault("malformed_arguments", shape="trailing_comma", call=0)
BROKEN_OFF = fault("error_event", error="overloaded", where="start")
ANSWER = (Said("The ferry leaves at nine."),)


def giving_up(nothing):
    """Ends the run where the arguments of a call cannot be read."""

    def agent(ctx, text):
        try:
            return desk("openai_chat", refund, read=strict)(ctx, text)
        except ValueError:
            return nothing

    return agent


@pytest.mark.parametrize("nothing", ["", None, "  \n", {"response": ""}, "None"], ids=repr)
def test_a_run_that_ends_with_nothing_is_found(nothing):
    outcome = judged(giving_up(nothing), "openai_chat", {"call 0": COMMA})
    (violation,) = outcome.violations

    assert found(outcome) == {"empty_answer:answer"}
    assert violation.before.startswith("Your refund")


def test_a_run_that_says_why_it_ended_passes():
    assert judged(giving_up("The desk is closed."), "openai_chat", {"call 0": COMMA}).verdict is Verdict.PASS


def test_a_run_that_asks_again_passes():
    careful = desk("openai_chat", refund, minds=whole, read=strict)

    assert judged(careful, "openai_chat", {"call 0": COMMA}).verdict is Verdict.PASS


@pytest.mark.parametrize("protocol", SPEAKERS)
def test_an_error_swallowed_with_the_answer_is_found_and_one_that_is_raised_is_not(protocol):
    def swallowing(ctx, text):
        try:
            return SPEAKERS[protocol]([{"role": "user", "content": text}]).ask().text
        except Exception:
            return ""

    def raising(ctx, text):
        if answer := swallowing(ctx, text):
            return answer
        raise Unavailable("no answer")

    broken = {"call 0": BROKEN_OFF}

    assert found(judged(swallowing, protocol, broken, said=ANSWER)) == {"empty_answer:answer"}
    assert judged(raising, protocol, broken, said=ANSWER).verdict is Verdict.PASS


def test_an_answer_that_is_empty_without_faults_too_is_no_finding():
    def silent(ctx, text):
        desk("openai_chat", refund, minds=whole, read=strict)(ctx, text)

    assert judged(silent, "openai_chat", {"call 0": COMMA}).verdict is Verdict.PASS


def test_a_reply_that_says_nothing_is_found_beside_the_same_words_from_elsewhere():
    def quoting(ctx, text):
        heard = SPEAKERS["openai_chat"]([{"role": "user", "content": text}]).ask()
        return f"The timetable: {ANSWER[0].text}\nThe model: {heard.text}"

    empty = {"call 0": fault("empty_reply")}

    assert found(judged(quoting, "openai_chat", empty, said=ANSWER)) == {"empty_answer:answer"}
