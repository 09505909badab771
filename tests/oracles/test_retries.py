"""Retries: too soon, hopeless, at once, too many, and too dear. Each is found by its own oracle alone."""

import contextlib
import time
from typing import get_args

import anthropic
import pytest
from google import genai
from google.genai import errors, types

from agent_chaos.faults.plan import Plan
from agent_chaos.faults.transport.spend_limit import Limit
from agent_chaos.oracles.judge import judge
from agent_chaos.oracles.oracle import Budget, Evidence
from agent_chaos.oracles.verdict import Verdict
from agent_chaos.patch.tools import tool
from agent_chaos.stream.exchange import reply
from tests.oracles.desk import KEY, Claude, desk, fault, found, judged
from tests.spoken import spoken
from tests.standin.said import Said
from tests.standin.wires import MODELS
from tests.trials import recorded, scenario, trial

ANSWER = (Said("The ferry leaves at nine."),)


def persistent(*, attempts, sleeps=(), retries=0, gives_up_on=()):
    """An agent that asks up to `attempts` times, whatever happens, and sleeps in between."""

    def agent(ctx, text):
        client = anthropic.Anthropic(api_key=KEY, max_retries=retries)
        for attempt in range(attempts):
            try:
                message = client.messages.create(
                    model=MODELS["anthropic_messages"],
                    max_tokens=99,
                    messages=[{"role": "user", "content": text}],
                )
                return message.content[0].text
            except anthropic.APIStatusError as error:
                if error.status_code in gives_up_on:
                    raise
                if attempt < len(sleeps):
                    time.sleep(sleeps[attempt])
        raise RuntimeError("no answer")

    return agent


def outcome(agent, faults):
    return judged(agent, "anthropic_messages", faults, said=ANSWER, stream=False)


def on_servings(count, kind, **fields):
    return {f"call 0.{k}" if k else "call 0": fault(kind, **fields) for k in range(count)}


LIMITED = on_servings(1, "rate_limit", retry_after_s=30)


@pytest.mark.parametrize("waits", [1, 16, 28])
def test_an_attempt_before_the_time_the_provider_asked_for_is_found(waits):
    assert found(outcome(persistent(attempts=2, sleeps=[waits]), LIMITED)) == {
        "retry_discipline:retry-after ignored"
    }


@pytest.mark.parametrize("agent", [persistent(attempts=2, sleeps=[30]), persistent(attempts=1, retries=2)])
def test_an_attempt_after_that_time_passes(agent):
    assert outcome(agent, LIMITED).verdict is Verdict.PASS


@pytest.mark.parametrize("kind", ["invalid_request", "not_found", "quota_exhausted", "payment_required"])
def test_a_retry_of_what_no_retry_can_change_is_found(kind):
    hopeless = {"call 0": fault(kind)}

    assert found(outcome(persistent(attempts=2, sleeps=[60]), hopeless)) == {
        "retry_discipline:hopeless retry"
    }


@pytest.mark.parametrize("limit", get_args(Limit))
def test_a_retry_of_a_spent_account_is_found_whatever_the_provider_calls_it(limit):
    spent = {"call 0": fault("spend_limit", limit=limit)}

    assert found(outcome(persistent(attempts=2, sleeps=[60]), spent)) == {"retry_discipline:hopeless retry"}


def test_a_limit_on_growth_passes_after_the_wait_that_it_asks_for():
    growing = {"call 0": fault("ramp_limit", retry_after_s=30)}

    assert outcome(persistent(attempts=2, sleeps=[30]), growing).verdict is Verdict.PASS
    assert found(outcome(persistent(attempts=2, sleeps=[1]), growing)) == {
        "retry_discipline:retry-after ignored"
    }


def test_one_retry_of_a_refused_key_may_carry_a_fresh_one_and_a_second_does_not():
    refused = on_servings(2, "auth_error")

    assert outcome(persistent(attempts=2), {"call 0": fault("auth_error")}).verdict is Verdict.PASS
    assert found(outcome(persistent(attempts=3, sleeps=[1, 2]), refused)) == {
        "retry_discipline:hopeless retry"
    }


def test_an_agent_that_gives_up_at_once_on_a_refusal_passes():
    agent = persistent(attempts=2, sleeps=[60], gives_up_on=(400,))

    assert outcome(agent, {"call 0": fault("invalid_request")}).verdict is Verdict.PASS


def test_a_refusal_that_the_recording_has_is_met_again_by_a_turn_that_starts_over():
    """The provider knows no such count; the agent lives with that, and what failed is another call."""

    def agent(ctx, text):
        client = anthropic.Anthropic(api_key=KEY, max_retries=0)
        asked = {"model": MODELS["anthropic_messages"], "messages": [{"role": "user", "content": text}]}
        for _ in range(2):
            with contextlib.suppress(anthropic.NotFoundError):
                client.messages.count_tokens(**asked)
            try:
                return client.messages.create(max_tokens=99, **asked).content[0].text
            except anthropic.InternalServerError:
                time.sleep(1)
        raise RuntimeError("no answer")

    subject = scenario(agent, "When does it leave?")
    unknown = b'{"type":"error","error":{"type":"not_found_error","message":"Not found"}}'
    replies = [
        reply(404, [("content-type", "application/json")], [unknown]),
        spoken("anthropic_messages", *ANSWER, stream=False),
    ]
    cassette = recorded(subject, replies)
    clean = trial(subject, cassette)
    trace = trial(subject, cassette, Plan.of({"call 1": fault("server_error")}.items()))

    assert [call.reply.status for call in trace.calls] == [404, 500, 404, 200]
    assert judge(Evidence(trace, clean, Budget(600.0, 30), {})).verdict is Verdict.PASS


def test_attempts_without_any_wait_are_found_and_those_with_one_are_not():
    busy = on_servings(2, "server_error")

    assert found(outcome(persistent(attempts=3), busy)) == {"retry_discipline:no back-off"}
    assert outcome(persistent(attempts=3, sleeps=[1, 2]), busy).verdict is Verdict.PASS


def test_retries_within_retries_are_found():
    down = on_servings(9, "server_error")
    layered = persistent(attempts=4, sleeps=[1, 2, 4], retries=2)

    assert found(outcome(layered, down)) == {"amplification:retries within retries"}


def test_one_layer_of_retries_passes():
    down = on_servings(4, "server_error")

    assert outcome(persistent(attempts=1, retries=5), down).verdict is Verdict.PASS


def lookup(order: str = "", amount: float = 0) -> str:
    return f"{amount} was paid for order {order}"


def starting_over(times):
    def agent(ctx, text):
        attempt = desk(
            "anthropic_messages",
            tool(lookup, name="refund", pure=True),
            speak=lambda messages: Claude(messages, retries=0),
        )
        for _ in range(times):
            try:
                return attempt(ctx, text)
            except anthropic.APIStatusError:
                continue
        return attempt(ctx, text)

    return agent


def refused(times):
    return {f"call 1.{k}" if k else "call 1": fault("permission_error") for k in range(times)}


def test_a_turn_that_pays_for_its_good_replies_again_and_again_is_found():
    found_dear = judged(starting_over(3), "anthropic_messages", refused(3))

    assert found(found_dear) == {"cost_amplification:paid again"}


def test_a_turn_that_starts_over_once_costs_less_than_another_run():
    assert judged(starting_over(1), "anthropic_messages", refused(1)).verdict is Verdict.PASS


def stubborn(loops):
    """An agent on google-genai: the SDK sends up to three times, or the agent itself does."""

    def agent(ctx, text):
        retries = None if loops else types.HttpRetryOptions(attempts=3, initial_delay=2.0, jitter=0.0)
        client = genai.Client(api_key=KEY, http_options=types.HttpOptions(retry_options=retries))
        for attempt in range(3 if loops else 1):
            try:
                return client.models.generate_content(model=MODELS["gemini"], contents=text).text
            except errors.APIError:
                if attempt == 2 or not loops:
                    raise
            time.sleep(2.0)
        return None

    return agent


@pytest.mark.parametrize("loops", [False, True], ids=["the SDK", "the agent"])
def test_a_hopeless_retry_of_genai_is_the_agents_only_where_the_agent_sends_it(loops):
    spent = on_servings(3, "quota_exhausted")
    outcome = judged(stubborn(loops), "gemini", spent, said=ANSWER, stream=False)

    assert [call.by_sdk for call in outcome.trace.calls] == [False, not loops, not loops]
    assert ("retry_discipline:hopeless retry" in found(outcome)) == loops
