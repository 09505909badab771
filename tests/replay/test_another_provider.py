"""An agent that asks another provider where the first one fails is answered in that provider's words, and judged."""

from itertools import permutations

import pytest

from agent_chaos.oracles.verdict import Verdict
from agent_chaos.trace.fidelity import Fidelity
from tests.oracles.desk import SAID, SPEAKERS, desk, fault, found, judged, strict, whole
from tests.standin.said import Said

PAIRS = list(permutations(SPEAKERS, 2))
RECORDED = len(SAID)


def falling_back(first, second, **habits):
    """An agent that begins anew with the second provider once the first has failed."""

    def agent(ctx, text):
        try:
            return desk(first, **habits)(ctx, text)
        except Exception:
            return desk(second, **habits)(ctx, text)

    return agent


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_the_other_provider_says_what_was_recorded_of_the_first(first, second):
    outcome = judged(falling_back(first, second), first, {"call 0": fault("auth_error")})
    calls = outcome.trace.calls

    assert (outcome.verdict, found(outcome)) == (Verdict.PASS, set())
    assert [answer.text for answer in outcome.trace.answers] == [SAID[-1].text]
    assert {call.protocol for call in calls[1:]} == {second}
    assert {call.fidelity for call in calls[1:]} == {Fidelity.PROVIDER}
    assert [call.call for call in calls] == [0, RECORDED, RECORDED + 1]
    assert all("host: " in call.difference for call in calls[1:])


@pytest.mark.parametrize(("first", "second"), [pair for pair in PAIRS if pair[1] != "gemini"])
def test_faults_strike_the_other_provider_as_well(first, second):
    cut = fault("truncate", boundary="mid_number", offset=0)
    plan = {"call 0": fault("auth_error"), f"call {RECORDED}": cut}

    assert "unfinished_tool_call:refund (cut arguments)" in found(
        judged(falling_back(first, second), first, plan)
    )
    assert found(judged(falling_back(first, second, minds=whole, read=strict), first, plan)) == set()


def test_a_third_provider_is_answered_in_its_own_words_where_the_second_fails_as_well():
    def agent(ctx, text):
        try:
            return falling_back("anthropic_messages", "openai_chat")(ctx, text)
        except Exception:
            return desk("gemini")(ctx, text)

    plan = {"call 0": fault("auth_error"), f"call {RECORDED}": fault("auth_error")}
    outcome = judged(agent, "anthropic_messages", plan)

    assert (outcome.verdict, found(outcome)) == (Verdict.PASS, set())
    assert [call.protocol for call in outcome.trace.calls[:3]] == [
        "anthropic_messages",
        "openai_chat",
        "gemini",
    ]


def test_a_fallback_that_is_cut_is_one_failure_and_not_also_the_first_providers():
    said = (Said("The ferry to the island leaves at nine in the morning."),)
    plan = {"call 0": fault("auth_error"), "call 1": fault("max_tokens_in_text", percent_lost=30)}
    agent = falling_back("anthropic_messages", "openai_chat")

    assert found(judged(agent, "anthropic_messages", plan, said=said)) == {"silent_truncation:answer"}


def test_what_the_first_provider_was_never_asked_nobody_can_answer():
    def agent(ctx, text):
        try:
            return desk("anthropic_messages")(ctx, text)
        except Exception:
            return desk("openai_chat")(ctx, f"In short: {text}")

    outcome = judged(agent, "anthropic_messages", {"call 0": fault("auth_error")})

    assert outcome.verdict is Verdict.UNDECIDED
