"""Three grades of exceptions that leave an agent: its own and the SDK's, raw transport errors, programming errors."""

import json
import time
import zlib
from abc import ABC
from decimal import Decimal
from xml.etree import ElementTree

import anthropic
import httpx2
import openai
import pytest
from google import genai

from agent_chaos.faults.plan import Plan
from agent_chaos.oracles.judge import judge
from agent_chaos.oracles.oracle import Budget, Evidence
from agent_chaos.oracles.verdict import Verdict
from tests.oracles.desk import KEY, SPEAKERS, Unavailable, desk, fault, found, judged, refund, strict
from tests.spoken import spoken
from tests.standin.said import Said
from tests.standin.wires import MODELS
from tests.trials import recorded, scenario, trial

ANSWER = (Said("The ferry leaves at nine in the morning, every day but Sunday."),)
WORDS = {
    "claude": "anthropic_messages",
    "chat": "openai_chat",
    "responses": "openai_responses",
    "gemini": "gemini",
}
RESET = fault("reset_in_body", boundary="mid_text", offset=0)
HERE = "test_unhandled_exception.py"


def claude(ctx, text, max_retries=0):
    client = anthropic.Anthropic(api_key=KEY, max_retries=max_retries)
    asked = {"model": MODELS["anthropic_messages"], "max_tokens": 99}
    return client.messages.create(**asked, messages=[{"role": "user", "content": text}]).content[0].text


def chat(ctx, text, max_retries=0):
    client = openai.OpenAI(api_key=KEY, max_retries=max_retries)
    messages = [{"role": "user", "content": text}]
    told = client.chat.completions.create(model=MODELS["openai_chat"], messages=messages)
    return told.choices[0].message.content


def responses(ctx, text, max_retries=0):
    client = openai.OpenAI(api_key=KEY, max_retries=max_retries)
    return client.responses.create(model=MODELS["openai_responses"], input=text).output_text


def gemini(ctx, text, max_retries=0):
    retry = genai.types.HttpRetryOptions(attempts=max_retries + 1)
    with genai.Client(api_key=KEY, http_options=genai.types.HttpOptions(retry_options=retry)) as client:
        return client.models.generate_content(model=MODELS["gemini"], contents=text).text


AGENTS = (claude, chat, responses, gemini)
EACH = pytest.mark.parametrize("agent", AGENTS, ids=lambda agent: agent.__name__)
SDK_ERROR = {
    "claude": "anthropic.InternalServerError",
    "chat": "openai.InternalServerError",
    "responses": "openai.InternalServerError",
    "gemini": "google.genai.errors.ServerError",
}


def run(agent, one, *, stream=False):
    name = agent.__name__.removeprefix("patient_")
    return judged(agent, WORDS.get(name, name), {"call 0": one}, said=ANSWER, stream=stream)


def retrying(agent):
    def patient(ctx, text):
        return agent(ctx, text, max_retries=2)

    patient.__name__ = f"patient_{agent.__name__}"
    return patient


@EACH
def test_the_sdk_s_own_error_is_a_failure_where_one_retry_had_helped(agent):
    outcome = run(agent, fault("server_error"))
    (violation,) = outcome.violations

    assert found(outcome) == {f"unhandled_exception:{SDK_ERROR[agent.__name__]} in {HERE}:{agent.__name__}"}
    assert "although a retry would have succeeded" in violation.reason


def test_a_connection_that_was_never_made_brought_no_reply():
    outcome = run(claude, fault("connect_error"))
    (violation,) = outcome.violations

    assert "although a retry would have succeeded" in violation.reason


@EACH
def test_who_retries_passes(agent):
    outcome = run(retrying(agent), fault("server_error"))

    assert outcome.verdict is Verdict.PASS
    assert len(outcome.trace.calls) == 2


@EACH
@pytest.mark.parametrize("kind", ["auth_error", "context_length"])
def test_the_sdk_s_own_error_is_fair_where_no_retry_helps(agent, kind):
    outcome = run(agent, fault(kind))

    assert outcome.verdict is Verdict.PASS
    assert outcome.trace.raised


def streams(protocol, error=()):
    """Reads a stream, and turns some errors into one of its own."""

    def agent(ctx, text):
        try:
            return SPEAKERS[protocol]([{"role": "user", "content": text}]).ask().text
        except error as exc:
            raise Unavailable("the answer broke off") from exc

    agent.__name__ = protocol
    return agent


@pytest.mark.parametrize("protocol", ["anthropic_messages", "gemini"])
def test_a_raw_transport_error_is_a_failure_although_the_fault_was_visible(protocol):
    outcome = run(streams(protocol), RESET, stream=True)
    (violation,) = outcome.violations

    assert found(outcome) == {"unhandled_exception:raw httpx2 error in desk.py:ask"}
    assert "raw transport error" in violation.reason
    assert "httpx2.ReadError" in violation.reason


def test_whatever_one_transport_raises_in_one_place_is_one_failure():
    def of(one):
        return found(run(streams("gemini"), one, stream=True))

    assert of(RESET) == of(fault("bad_protocol")) == of(fault("timeout_before_headers", seconds=30))


@pytest.mark.parametrize("protocol", ["anthropic_messages", "gemini"])
def test_an_error_of_the_agent_s_own_in_its_place_is_fair(protocol):
    outcome = run(streams(protocol, httpx2.HTTPError), RESET, stream=True)

    assert outcome.verdict is Verdict.PASS
    assert outcome.trace.raised[0].type.endswith("Unavailable")


def test_openai_wraps_transport_errors_so_that_its_streams_are_fair():
    assert run(streams("openai_chat"), RESET, stream=True).verdict is Verdict.PASS


def test_a_deadline_of_the_agent_s_own_is_fair():
    def deadline(ctx, text):
        started = time.monotonic()
        answer = claude(ctx, text, max_retries=2)
        if time.monotonic() - started > 300:
            raise TimeoutError("took too long")
        return answer

    deadline.__name__ = "anthropic_messages"

    assert run(deadline, fault("stall", boundary="mid_body", seconds=400)).verdict is Verdict.PASS


def test_what_the_clean_run_raises_as_well_is_no_finding():
    def broken(ctx, text):
        chat(ctx, text)
        return {}["order"]

    subject = scenario(broken)
    cassette = recorded(subject, [spoken("openai_chat", ANSWER[0], stream=False)])
    clean = trial(subject, cassette)
    slow = trial(subject, cassette, Plan.of([("call 0", fault("slow_first_byte", seconds=9))]))

    assert [raised.type for raised in slow.raised] == ["KeyError"]
    assert not judge(Evidence(slow, clean, Budget(), {})).violations


COMMA = fault("malformed_arguments", shape="trailing_comma", call=0)


def test_a_bad_reply_taken_for_a_good_one_is_a_programming_error():
    outcome = judged(desk("openai_chat", refund, read=strict), "openai_chat", {"call 0": COMMA})
    (violation,) = outcome.violations

    assert found(outcome) == {"unhandled_exception:json.decoder.JSONDecodeError in desk.py:strict"}
    assert "a bad reply came out as an error that looks like a bug of the agent" in violation.reason


def test_a_whole_body_cut_in_half_is_a_programming_error_of_who_lets_the_sdk_s_json_error_out():
    cut = fault("truncate", boundary="mid_body", offset=0)

    assert found(run(chat, cut)) == {f"unhandled_exception:json.decoder.JSONDecodeError in {HERE}:chat"}


@pytest.mark.parametrize("error", [ValueError, RuntimeError, KeyError])
def test_a_common_exception_that_the_agent_raises_on_purpose_is_fair(error):
    def refusing(arguments):
        try:
            return strict(arguments)
        except ValueError:
            raise error("the model's arguments are no JSON") from None

    outcome = judged(desk("openai_chat", refund, read=refusing), "openai_chat", {"call 0": COMMA})

    assert outcome.verdict is Verdict.PASS
    assert outcome.trace.raised[0].type == error.__name__


def test_one_that_it_raises_behind_an_if_on_one_line_is_fair_too():
    def refusing(arguments):
        if not arguments.endswith("0}"):
            raise RuntimeError("the model's arguments are cut")
        return strict(arguments)

    outcome = judged(desk("openai_chat", refund, read=refusing), "openai_chat", {"call 0": COMMA})

    assert outcome.verdict is Verdict.PASS
    assert outcome.trace.raised[0].type == "RuntimeError"


def test_one_that_it_lets_happen_is_not():
    def grasping(arguments):
        given = json.loads(arguments or "{}")
        return {"order": given["order"], "amount": given["amount"]}

    empty = fault("malformed_arguments", shape="empty", call=0)
    outcome = judged(desk("openai_chat", refund, read=grasping), "openai_chat", {"call 0": empty})

    assert found(outcome) == {f"unhandled_exception:KeyError in {HERE}:grasping"}


@pytest.mark.parametrize(
    ("read", "error"),
    [
        (lambda arguments: {"amount": Decimal(arguments)}, "decimal.InvalidOperation"),
        (lambda arguments: {"order": ElementTree.fromstring(arguments)}, "xml.etree.ElementTree.ParseError"),
        (lambda arguments: {"order": zlib.decompress(arguments.encode())}, "zlib.error"),
    ],
    ids=["decimal", "xml", "zlib"],
)
def test_what_a_parser_of_python_s_own_raises_is_a_programming_error(read, error):
    def reading(arguments):
        try:
            return strict(arguments)
        except ValueError:
            return read(arguments)

    outcome = judged(desk("openai_chat", refund, read=reading), "openai_chat", {"call 0": COMMA})

    assert {one.partition(" in ")[0] for one in found(outcome)} == {f"unhandled_exception:{error}"}


class NotRead(ABC, json.JSONDecodeError):
    """An agent's own error that is a kind of Python's."""


class Refused(ABC, Exception):
    """An agent's own error."""


@pytest.mark.parametrize(
    "error", [Refused("no"), NotRead("no", "", 0), ExceptionGroup("no", [Refused("no")])]
)
def test_an_agent_s_own_error_is_fair_whatever_it_is_made_of(error):
    def refusing(arguments):
        try:
            return strict(arguments)
        except ValueError:
            raise error from None

    outcome = judged(desk("openai_chat", refund, read=refusing), "openai_chat", {"call 0": COMMA})

    assert outcome.verdict is Verdict.PASS
