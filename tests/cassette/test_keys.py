"""Match keys tell requests apart as much as each rung should, and differences are told in a path and two values."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from agent_chaos.cassette.keys import (
    KEY_VERSION,
    exact_key,
    first_difference,
    keys_of,
    masked,
    normalised_key,
)
from agent_chaos.cassette.model import Cassette, Exchange, Header
from agent_chaos.replay.match import ExchangeIndex
from agent_chaos.stream.exchange import Request, reply
from tests.cassette.made import asking
from tests.growth import assert_linear

PLAIN = asking("Hello")


def with_body(value: Any, request: Request = PLAIN) -> Request:
    return replace(request, body=json.dumps(value).encode())


def at(url: str) -> Request:
    return replace(PLAIN, url=url)


SAME = {
    "header values": replace(PLAIN, headers=(("x-stainless-retry-count", "2"),)),
    "method case": replace(PLAIN, method="post"),
    "field order and spacing": replace(
        PLAIN, body=json.dumps(dict(reversed(list(PLAIN.json.items()))), indent=2).encode()
    ),
    "a user id": asking("Hello", metadata={"user_id": "u1"}),
    "a port": at("https://api.anthropic.com:8443/v1/messages"),
    "a key in the query": at("https://api.anthropic.com/v1/messages?key=abc"),
}
OTHER = {
    "text": asking("Hallo"),
    "a parameter": asking("Hello", temperature=0.5),
    "path": at("https://api.anthropic.com/v1/messages/count_tokens"),
    "query": at("https://api.anthropic.com/v1/messages?beta=true"),
    "no body": replace(PLAIN, body=b""),
    "a number for a text": asking("Hello", max_tokens="64"),
}


@pytest.mark.parametrize("request_", SAME.values(), ids=SAME.keys())
def test_what_does_not_reach_the_model_does_not_count(request_: Request) -> None:
    assert exact_key(request_) == exact_key(PLAIN)


@pytest.mark.parametrize("request_", OTHER.values(), ids=OTHER.keys())
def test_what_reaches_the_model_counts(request_: Request) -> None:
    assert exact_key(request_) != exact_key(PLAIN)
    assert normalised_key(request_) != normalised_key(PLAIN)


def conversation(call_id: str, result_id: str = "") -> Request:
    call = {"type": "tool_use", "id": call_id, "name": "refund", "input": {"amount": 15}}
    result = {"type": "tool_result", "tool_use_id": result_id or call_id, "content": "done"}
    said = [{"role": "assistant", "content": [call]}, {"role": "user", "content": [result]}]
    return with_body({**PLAIN.json, "messages": [*PLAIN.json["messages"], *said]})


@pytest.mark.parametrize(
    "made_up", ["pyd_ai_59027bfcde6c4ce482474feb2e163b35", "kQz-90.x1", "tool:zebra:one"]
)
def test_the_ids_that_a_framework_makes_up_do_not_tell_requests_apart(made_up: str) -> None:
    assert normalised_key(conversation(made_up)) == normalised_key(
        conversation("toolu_01ABCDEFGHJKLMNPQRSTUVWX")
    )


def test_which_call_a_result_belongs_to_tells_requests_apart() -> None:
    assert normalised_key(conversation("call-a", "call-b")) != normalised_key(conversation("call-a"))


def test_keys_of_an_older_kind_are_computed_afresh() -> None:
    made = keys_of(PLAIN)
    older = Cassette(
        Header(scenario="s", started_at=0.0, key_version=KEY_VERSION - 1),
        exchanges=(
            Exchange(0, 0, 0.0, PLAIN, reply(200, [], [b"{}"]), replace(made, normalised="old"), "", ""),
        ),
        keys=(replace(made, normalised="old"),),
    )

    assert list(ExchangeIndex(older).by_normalised) == [made.normalised]


def test_the_order_of_query_parameters_does_not_count() -> None:
    assert exact_key(at("https://h/v1?a=1&b=2")) == exact_key(at("https://h/v1?b=2&a=1"))


def test_a_multipart_boundary_does_not_count() -> None:
    def upload(boundary: str, content: str) -> Request:
        headers = (("content-type", f"multipart/form-data; boundary={boundary}"),)
        body = f"--{boundary}\r\n\r\n{content}\r\n--{boundary}--\r\n".encode()
        return Request("POST", "https://h/v1/files", headers, body)

    assert exact_key(upload("aaa111", "x")) == exact_key(upload("bbb222", "x"))
    assert exact_key(upload("aaa111", "x")) != exact_key(upload("bbb222", "y"))


VOLATILE = {
    "tool-call ids": ("result of toolu_01ABCdef234 here", "result of toolu_01XYZabc987 here"),
    "OpenAI call ids": ("call_abc123DEF456", "call_zzz999YYY888"),
    "response ids": ("resp_0123456789abcdef", "resp_fedcba9876543210"),
    "uuids": ("550e8400-e29b-41d4-a716-446655440000", "00000000-0000-4000-8000-00000000000f"),
    "ISO times": ("now: 2026-11-23T10:00:00Z", "now: 2026-11-24T11:12:13Z"),
    "times with a space": ("at 2026-11-23 10:00:00 sharp", "at 2026-01-02 03:04:05 sharp"),
    "epoch seconds": ("since 1763900000", "since 1763999999"),
    "temporary paths": ("in /tmp/pytest-1/a.txt", "in /tmp/pytest-2/b.txt"),
    "addresses": ("<object at 0x7f3a2b1c9d>", "<object at 0x7f0000000d>"),
    "a line break before an id": ("see\ntoolu_01ABCdef234", "see\ntoolu_01XYZabc987"),
}


@pytest.mark.parametrize(("one", "other"), VOLATILE.values(), ids=VOLATILE.keys())
def test_the_normalised_key_forgets_what_changes_from_run_to_run(one: str, other: str) -> None:
    assert normalised_key(asking(one)) == normalised_key(asking(other))
    assert exact_key(asking(one)) != exact_key(asking(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("due 2026-11-23", "due 2026-11-24"),
        ("order 12345678", "order 12345679"),
        ("pay 1500.00", "pay 15.00"),
        ("call_tool_by_name", "call_tool_by_rank"),
        ("home/app/a.py", "home/app/b.py"),
    ],
    ids=["a date", "an order number", "money", "a snake-case word", "a project path"],
)
def test_the_normalised_key_keeps_what_means_something(one: str, other: str) -> None:
    assert normalised_key(asking(one)) != normalised_key(asking(other))


def with_arguments(arguments: str) -> Request:
    call = {"id": "call_1", "type": "function", "function": {"name": "refund", "arguments": arguments}}
    return asking("Hello", tool_calls=[call])


def told(*contents: tuple[str, *tuple[Any, ...]]) -> Request:
    """What a Gemini client sends: contents as a speaker and parts, of which plain text stands for itself."""
    return with_body(
        {
            "contents": [
                {"role": role, "parts": [{"text": one} if isinstance(one, str) else one for one in parts]}
                for role, *parts in contents
            ]
        },
        at("https://generativelanguage.googleapis.com/v1beta/models/gemini-3-pro:generateContent"),
    )


CALL = {"functionCall": {"name": "book", "args": {}}}
SPELT = {
    "text in pieces": (told(("model", "I book ", "it.")), told(("model", "I book it."))),
    "a content for each chunk": (
        told(("user", "Hi"), ("model", "I book "), ("model", "it.", CALL)),
        told(("user", "Hi"), ("model", "I book it.", CALL)),
    ),
    "a null": (asking("x"), asking("x", top_k=None)),
    "an empty list": (asking("x"), asking("x", tools=[])),
    "a whole float": (asking("x", temperature=0), asking("x", temperature=0.0)),
    "argument text": (with_arguments('{"a":1,"b":[]}'), with_arguments('{"b": [], "a": 1}')),
    "base64": (asking("x", thinking={"signature": "a-_b=="}), asking("x", thinking={"signature": "a+/b"})),
}
MEANT = {
    "text around a call": (told(("model", "a", CALL, "b")), told(("model", "ab", CALL))),
    "another speaker": (told(("user", "a"), ("model", "b")), told(("user", "ab"))),
    "a thought": (told(("model", {"text": "a", "thought": True}, "b")), told(("model", "ab"))),
    "a zero": (asking("x"), asking("x", temperature=0)),
    "a false": (asking("x"), asking("x", strict=False)),
    "an argument": (with_arguments('{"a":1}'), with_arguments('{"a":2}')),
    "an absent argument": (with_arguments('{"a":1}'), with_arguments('{"a":1,"b":null}')),
    "cut arguments": (with_arguments('{"a":1}'), with_arguments('{"a":1')),
}


@pytest.mark.parametrize(("one", "other"), SPELT.values(), ids=SPELT.keys())
def test_the_normalised_key_forgets_how_json_is_spelt(one: Request, other: Request) -> None:
    assert normalised_key(one) == normalised_key(other)
    assert exact_key(one) != exact_key(other)


@pytest.mark.parametrize(("one", "other"), MEANT.values(), ids=MEANT.keys())
def test_the_normalised_key_keeps_what_json_says(one: Request, other: Request) -> None:
    assert normalised_key(one) != normalised_key(other)


def test_the_keys_of_a_request_belong_to_their_version() -> None:
    made = keys_of(asking("Hello", top_k=None, temperature=1.0, tool_calls=[{"arguments": '{"a": 1}'}]))

    assert (KEY_VERSION, made.exact, made.normalised, made.lane) == (
        5,
        "4e95a9b5d5a4c9ac318c820f90d99ee8",
        "2fb8e3eee79e4f2079ce8bce5e4693cf",
        "35746c6f5ca5611b49d3a7cd9b9d8bd1",
    ), "a key function changed: raise KEY_VERSION, and pin the new keys here"


def test_a_conversation_keeps_its_lane_as_it_grows() -> None:
    grown = with_body(
        {
            **PLAIN.json,
            "messages": [*PLAIN.json["messages"], {"role": "assistant", "content": "Hi"}],
        }
    )

    assert keys_of(grown).lane == keys_of(PLAIN).lane
    assert keys_of(grown).normalised != keys_of(PLAIN).normalised
    assert keys_of(asking("Another topic")).lane != keys_of(PLAIN).lane


def elsewhere(request: Request, prefix: str = "") -> Request:
    return replace(request, url=f"https://proxy.test{prefix}{request.path}")


DIFFERENCES = {
    "a nested text": (asking("Hello"), asking("Hallo"), "messages[0].content: 'Hello' ≠ 'Hallo'"),
    "the end of a long text": (
        asking("x" * 80 + " is owed."),
        asking("x" * 80 + " is owed!"),
        "messages[0].content: '...xxxxxxx is owed.' ≠ '...xxxxxxx is owed!'",
    ),
    "the start of a long text": (
        asking("Hello " + "x" * 80),
        asking("Hullo " + "x" * 80),
        f"messages[0].content: 'Hello {'x' * 51}...' ≠ 'Hullo {'x' * 51}...'",
    ),
    "an absent field": (asking("x", top_k=3), asking("x"), "top_k: '3' ≠ nothing"),
    "a longer list": (
        with_body({"messages": [1]}),
        with_body({"messages": [1, 2]}),
        "messages: 1 items ≠ 2 items",
    ),
    "a path": (at("https://h/v1/a"), at("https://h/v1/b"), "path: '/v1/a' ≠ '/v1/b'"),
    "another base URL": (
        asking("Hello"),
        elsewhere(asking("Hello")),
        f"host: '{PLAIN.host}' ≠ 'proxy.test'",
    ),
    "a text, behind another base URL": (
        asking("Hello"),
        elsewhere(asking("Hallo"), "/llm"),
        "messages[0].content: 'Hello' ≠ 'Hallo'",
    ),
    "another endpoint, behind another base URL": (
        at("https://h/v1/a"),
        at("https://proxy.test/v1/b"),
        "path: '/v1/a' ≠ '/v1/b'",
    ),
    "nothing": (PLAIN, PLAIN, ""),
}


@pytest.mark.parametrize(("recorded", "asked", "says"), DIFFERENCES.values(), ids=DIFFERENCES.keys())
def test_the_first_difference_is_a_path_and_two_values(recorded: Request, asked: Request, says: str) -> None:
    assert first_difference(recorded, asked) == says


@pytest.mark.parametrize(
    "unit",
    ["a", "ab1-", "toolu_", "12", "/tmp/", "2026-11-"],
    ids=["letters", "dashes", "ids", "digits", "paths", "dates"],
)
def test_masking_takes_linear_time(unit: str) -> None:
    assert_linear(lambda size: masked(unit * (size // len(unit))), 60_000)
