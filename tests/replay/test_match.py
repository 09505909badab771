"""The index: what counts as the same request, the same but for ids, and the same conversation."""

import json
from dataclasses import replace

import pytest

from agent_chaos.cassette.keys import KEY_VERSION, keys_of
from agent_chaos.cassette.model import Cassette, Exchange, Header
from agent_chaos.cassette.redaction.redactor import Redactor
from agent_chaos.replay.keyed_requests import with_replaced
from agent_chaos.replay.match import ExchangeIndex
from agent_chaos.replay.questions import question_of
from agent_chaos.stream.exchange import Request, reply
from agent_chaos.stream.exchange import with_body as changed
from tests.cassette.made import asking
from tests.replay.asked import cassette_of, conversation, research, with_body
from tests.trials import claude_says

UUIDS = ("6f1c2b1e-0d5a-4c6e-9f53-0b3c1f1d2e3f", "0b3c1f1d-2e3f-4c6e-9f53-6f1c2b1e0d5a")
REPLY = claude_says("Yes.")


def index(*requests):
    return ExchangeIndex(cassette_of(*((request, REPLY) for request in requests)))


def spelled(request, text):
    return Request(request.method, request.url, request.headers, text.encode())


def exact(found, request):
    return found.by_exact.get(found.requests.keyed(request).exact, ())


def normalised(found, request):
    return found.by_normalised.get(found.requests.keyed(request).normalised, ())


def lane(found, request):
    return found.lane(found.requests.keyed(request))


ONE = asking("Where is my parcel?")
SAME = {
    "itself": ONE,
    "another order of keys": with_body(ONE, dict(reversed(ONE.json.items()))),
    "other white space": spelled(ONE, json.dumps(ONE.json, indent=3)),
    "escaped text": spelled(ONE, json.dumps(ONE.json).replace("parcel", "\\u0070arcel")),
    "other header fields": Request(
        "POST", ONE.url, (("user-agent", "new"), ("x-stainless-retry-count", "2")), ONE.body
    ),
    "a user id that the model does not see": with_body(ONE, {**ONE.json, "metadata": {"user_id": "u-2"}}),
}


@pytest.mark.parametrize("request_", SAME.values(), ids=SAME)
def test_what_the_model_cannot_tell_apart_is_exactly_the_same(request_):
    assert exact(index(ONE), request_) == (0,)


OTHER = {
    "another text": asking("Where is my letter?"),
    "another model": asking("Where is my parcel?", model="claude-haiku-4-5"),
    "another limit": asking("Where is my parcel?", max_tokens=65),
    "another path": Request("POST", ONE.url + "/count_tokens", ONE.headers, ONE.body),
    "a query": Request("POST", ONE.url + "?beta=true", ONE.headers, ONE.body),
    "a text that differs in white space": asking("Where is  my parcel?"),
    "a number for a text": with_body(ONE, {**ONE.json, "max_tokens": "64"}),
}


@pytest.mark.parametrize("request_", OTHER.values(), ids=OTHER)
def test_what_the_model_could_tell_apart_is_not(request_):
    found = index(ONE)

    assert exact(found, request_) == ()
    assert normalised(found, request_) == ()


MASKED = {
    "a uuid": UUIDS,
    "a time": ("2026-11-23T09:00:00Z", "2027-01-02T03:04:05.678+01:00"),
    "a temporary path": ("/tmp/tmpab12/report.csv", "/tmp/tmpzz99/report.csv"),
    "a tool call id": ("toolu_01A09q90qw90lq917835lq9", "toolu_01T1x1fJ34qAmk2tNTrN7Up6"),
    "an object's address": ("<Order at 0x7f1234567890>", "<Order at 0x7fabcdef0123>"),
}


@pytest.mark.parametrize(("before", "after"), MASKED.values(), ids=MASKED)
def test_what_differs_from_run_to_run_is_the_same_but_for_ids(before, after):
    found = index(asking(f"Look at {before}."))

    assert exact(found, asking(f"Look at {after}.")) == ()
    assert normalised(found, asking(f"Look at {after}.")) == (0,)


def test_another_host_is_the_same_but_for_the_host():
    moved = Request("POST", "http://localhost:8080/v1/messages", ONE.headers, ONE.body)
    found = index(ONE)

    assert exact(found, moved) == ()
    assert normalised(found, moved) == (0,)


def test_a_conversation_is_one_lane_however_far_it_got():
    found = index(conversation("Hello."), asking("Another."), conversation("Hello.", "And then?"))

    assert lane(found, conversation("Hello.", "What else?")) == (0, 2)
    assert lane(found, conversation("Hello.", "And then?", "And now?")) == (0, 2)


@pytest.mark.parametrize(
    "request_",
    [
        asking("Goodbye."),
        asking("Hello.", model="claude-haiku-4-5"),
        asking("Hello.", system="Be brief."),
        asking("Hello.", tools=[{"name": "pay", "input_schema": {"type": "object"}}]),
    ],
    ids=["first message", "model", "system prompt", "tools"],
)
def test_another_start_is_another_conversation(request_):
    assert lane(index(conversation("Hello."), conversation("Hello.", "And then?")), request_) == ()


def test_a_request_that_continues_a_response_is_in_the_lane_of_its_first_request():
    kept = research("tides", "sources", "the moon")
    found = ExchangeIndex(kept)
    second = kept.exchanges[1].request
    asked_otherwise = with_body(second, {**second.json, "input": "the sun"})

    assert second.json["previous_response_id"]
    assert lane(found, asked_otherwise) == (0, 1, 2)
    assert lane(found, kept.exchanges[0].request) == (0, 1, 2)


def test_two_chains_of_responses_are_two_lanes():
    one, other = research("tides", "sources"), research("whales", "ships")
    renamed = [
        (
            replace(e.request, body=e.request.body.replace(b"resp_", b"resp_x")),
            changed(e.reply, e.reply.body.replace(b"resp_", b"resp_x")),
        )
        for e in other.exchanges
    ]
    found = ExchangeIndex(cassette_of(*((e.request, e.reply) for e in one.exchanges), *renamed))
    second, fourth = one.exchanges[1].request, renamed[1][0]

    assert lane(found, with_body(second, {**second.json, "input": "new"})) == (0, 1)
    assert lane(found, with_body(fourth, {**fourth.json, "input": "new"})) == (2, 3)


def test_the_first_difference_to_the_nearest_is_told():
    found = index(asking("Hello."), conversation("Hello.", "And then?"))
    asked = found.requests.keyed(conversation("Hello.", "What else?"))

    assert found.nearest(asked, (1,)) == "messages[2].content: 'And then?' ≠ 'What else?'"


def test_without_candidates_the_nearest_is_of_the_same_method_and_path():
    counted = Request("POST", ONE.url + "/count_tokens", ONE.headers, ONE.body)
    found = index(counted, ONE)

    assert found.nearest(found.requests.keyed(asking("Where?")), ()) == (
        "messages[0].content: 'Where is my parcel?' ≠ 'Where?'"
    )
    assert (
        found.nearest(found.requests.keyed(Request("GET", "https://api.anthropic.com/v1/models")), ()) == ""
    )


def test_requests_are_redacted_before_they_are_compared():
    secret = "sk-ant-api03-0123456789abcdefghij"
    redactor = Redactor.from_environ({"ANTHROPIC_API_KEY": secret})
    found = ExchangeIndex(cassette_of((redactor.request(asking(f"My key is {secret}.")), REPLY)), redactor)

    assert secret.encode() not in found.exchange(0).request.body
    assert exact(found, asking(f"My key is {secret}.")) == (0,)


def test_hosts_are_those_that_were_recorded():
    found = index(ONE)

    assert found.knows_host("api.anthropic.com")
    assert not found.knows_host("api.openai.com")


def test_an_index_of_nothing_finds_nothing():
    found = index()

    assert len(found) == 0
    assert exact(found, ONE) == normalised(found, ONE) == lane(found, ONE) == ()
    assert found.nearest(found.requests.keyed(ONE), ()) == ""
    assert not found.knows_host("api.anthropic.com")


def test_words_are_replaced_in_body_and_url_and_nothing_else_is_copied():
    request = Request("GET", "https://x.test/v1/responses/resp_new?after=resp_new", (), b'{"id": "resp_new"}')

    assert with_replaced(request, {"resp_new": "resp_old"}) == Request(
        "GET", "https://x.test/v1/responses/resp_old?after=resp_old", (), b'{"id": "resp_old"}'
    )
    assert with_replaced(request, {"other": "x"}) is request


def test_the_nearest_of_many_shares_most_of_its_text():
    system = "You are a careful assistant of a large shop and you answer in one sentence."
    found = index(
        asking("Where is my parcel?", system=system, tools=[{"name": "track", "input_schema": {}}]),
        asking("Please refund order A-17.", system=system),
        asking("Thanks.", system="Another."),
    )
    asked = found.requests.keyed(
        asking("Please refund order A-17.", system=system.replace("one sentence", "two"))
    )

    assert found.nearest(asked, ()) == "system: '... you answer in one sentence.' ≠ '... you answer in two.'"


def test_a_stream_in_another_form_is_not_the_nearest_reply():
    place = "https://generativelanguage.googleapis.com/v1beta/models/gemini-3-pro:streamGenerateContent"
    recorded = Request("POST", place, (), b'{"contents": [{"role": "user", "parts": [{"text": "Hi"}]}]}')
    asked_otherwise = replace(
        recorded, url=f"{place}?alt=sse", body=recorded.body.replace(b"}]}]", b"}]}, 1]")
    )
    exchange = Exchange(0, 0, 0.0, recorded, reply(200, (), [b"[]"]), keys_of(recorded), "gemini")
    header = Header(scenario="s", started_at=0.0, key_version=KEY_VERSION)
    index = ExchangeIndex(Cassette(header, [exchange], keys=[exchange.keys]))

    assert index.lane(index.requests.keyed(replace(asked_otherwise, url=place))) == (0,)
    assert index.lane(index.requests.keyed(asked_otherwise)) == ()


def test_of_exchanges_that_answer_a_question_those_under_its_system_prompt_come_before_those_of_its_model():
    def asked(**fields):
        return asking("How many?", **fields)

    found = index(asked(system="Be kind."), asked(system="Be brief.", model="claude-haiku-4-5"))
    question = question_of(asked(system="Be brief."))

    assert found.same_question(question, 0) == (1,)


def test_a_question_is_asked_again_only_within_the_turn_of_its_exchange():
    found = index(conversation("How many?"))
    more = question_of(conversation("How many?", "A number, please."))

    assert found.asked_again(more, 0, turn=0)
    assert not found.asked_again(more, 0, turn=1)
    assert not found.asked_again(more, 1, turn=0)
