"""Runs that do not end in time, by what they spent it on; and runs that know when to stop."""

import time
from contextlib import suppress

import anthropic
import pytest
from google import genai

from agent_chaos.oracles.verdict import Verdict
from tests.oracles.desk import KEY, Unavailable, fault, found, judged
from tests.standin.said import Said
from tests.standin.wires import MODELS

ANSWER = (Said("The ferry leaves at nine."),)
HOURS = fault("rate_limit_long", hours=3)
SILENCE = fault("timeout_before_headers", seconds=3_600)


def ask_claude(text, **options):
    client = anthropic.Anthropic(api_key=KEY, **options)
    asked = {"model": MODELS["anthropic_messages"], "max_tokens": 99}
    return client.messages.create(**asked, messages=[{"role": "user", "content": text}]).content[0].text


def ask_gemini(text, **options):
    with genai.Client(api_key=KEY, http_options=genai.types.HttpOptions(**options)) as client:
        return client.models.generate_content(model=MODELS["gemini"], contents=text).text


def run(agent, protocol, one, **limits):
    return judged(agent, protocol, {"call 0": one}, said=ANSWER, stream=False, **limits)


def obedient(ctx, text):
    return ask_claude(text)


def proud(ctx, text):
    try:
        return ask_claude(text, max_retries=0)
    except anthropic.RateLimitError as exc:
        seconds = float(exc.response.headers["retry-after"])
        if seconds > 60:
            raise Unavailable("busy for hours") from exc
        time.sleep(seconds)
        return ask_claude(text)


def test_a_wait_of_hours_because_a_header_said_so_is_found():
    outcome = run(obedient, "anthropic_messages", HOURS)
    (violation,) = outcome.violations

    assert found(outcome) == {"termination:retry-after"}
    assert "it slept 3.0 h because call 0 said retry-after: 10800" in violation.reason


def test_a_wait_of_days_because_a_header_said_inf_is_told_as_that():
    outcome = run(obedient, "anthropic_messages", fault("rate_limit_odd", form="infinite"))
    (violation,) = outcome.violations

    assert found(outcome) == {"termination:retry-after"}
    assert "it slept 1193.0 h because call 0 said retry-after: inf" in violation.reason


@pytest.mark.parametrize("seconds", [1, 60])
def test_a_wait_within_the_budget_and_a_refusal_to_wait_are_fine(seconds):
    short = fault("rate_limit", retry_after_s=seconds)

    assert run(obedient, "anthropic_messages", short).verdict is Verdict.PASS
    assert run(proud, "anthropic_messages", short).verdict is Verdict.PASS
    assert run(proud, "anthropic_messages", HOURS).verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("ask", "protocol", "seconds"),
    [(ask_gemini, "gemini", "60 min"), (ask_claude, "anthropic_messages", "10 min")],
    ids=["no-timeout", "the-default-timeout"],
)
def test_waiting_for_a_server_that_is_silent_is_found(ask, protocol, seconds):
    def waiting(ctx, text):
        try:
            return ask(text)
        except Exception:
            return ask(text)

    outcome = run(waiting, protocol, SILENCE)

    assert "termination:transfer" in found(outcome)
    assert f"it waited {seconds}" in outcome.violations[-1].reason


@pytest.mark.parametrize(
    ("ask", "protocol", "timeout"),
    [(ask_gemini, "gemini", 20_000), (ask_claude, "anthropic_messages", 20.0)],
    ids=["gemini", "claude"],
)
def test_a_timeout_of_the_agent_s_own_ends_it(ask, protocol, timeout):
    def hurried(ctx, text):
        try:
            return ask(text, timeout=timeout)
        except Exception:
            return ask(text, timeout=timeout)

    outcome = run(hurried, protocol, SILENCE)

    assert outcome.verdict is Verdict.PASS
    assert 20 < outcome.trace.virtual_s < 30


def test_the_budget_counts_from_what_the_clean_run_took():
    def slow(ctx, text):
        time.sleep(5_000)
        return obedient(ctx, text)

    within = fault("rate_limit", retry_after_s=60)

    assert run(slow, "anthropic_messages", within, budget_s=100).verdict is Verdict.PASS
    assert found(run(slow, "anthropic_messages", within, budget_s=50)) == {"termination:retry-after"}


def test_asking_for_ever_is_found():
    def tireless(ctx, text):
        failed = False
        while True:
            try:
                answer = ask_claude(text, max_retries=0)
            except anthropic.APIError:
                failed = True
            if not failed:
                return answer

    outcome = run(tireless, "anthropic_messages", fault("server_error"), requests=20)

    assert found(outcome) == {"termination:requests"}
    assert len(outcome.trace.calls) == 21


def test_asking_a_few_times_is_not():
    def persistent(ctx, text):
        for _ in range(5):
            try:
                return ask_claude(text, max_retries=0)
            except anthropic.APIError:
                continue
        raise Unavailable("five errors")

    assert run(persistent, "anthropic_messages", fault("server_error"), requests=20).verdict is Verdict.PASS


def test_waiting_for_ever_in_small_steps_is_found():
    def hoping(ctx, text):
        answers = []
        with suppress(anthropic.APIError):
            answers.append(ask_claude(text, max_retries=0))
        while not answers:
            time.sleep(30)
        return answers[0]

    assert found(run(hoping, "anthropic_messages", fault("server_error"))) == {"termination:time"}
