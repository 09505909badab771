"""Replies on a real socket: what a real client meets for each way in which a transfer breaks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent_chaos.patch.loopback.addresses import here, meant, program_environment
from agent_chaos.patch.loopback.server import Incoming, LoopbackServer
from agent_chaos.stream.exchange import Abort, Data, End, Head, ReplyEvent

JSON = ("content-type", "application/json")


@contextmanager
def answering(
    *events: ReplyEvent, patience_s: float = 5.0, one_client: bool = False
) -> Iterator[tuple[str, list[Incoming]]]:
    taken: list[Incoming] = []

    def take(incoming: Incoming) -> None:
        taken.append(incoming)
        for event in events:
            incoming.put(event)

    server = LoopbackServer(take, patience_s=patience_s, one_client=one_client)
    try:
        yield here(server.url, "https://api.example.com/v1"), taken
    finally:
        server.close()


def test_a_request_is_seen_as_it_would_reach_the_provider():
    with answering(Head(200, (JSON,)), Data(b"{}"), End()) as (url, taken):
        httpx.post(f"{url}/chat?x=1", content=b"asked", headers={"x-own": "kept"})
    request = taken[0].request

    assert (request.method, request.url, request.body) == (
        "POST",
        "https://api.example.com/v1/chat?x=1",
        b"asked",
    )
    assert (request.header("host"), request.header("x-own")) == ("api.example.com", "kept")


def test_chunks_arrive_as_they_were_and_a_connection_serves_again():
    events = (Head(200, (JSON,)), Data(b"ab"), Data(b"\xc3"), Data(b"\xa4"), End())
    chunks = []
    with answering(*events) as (url, taken), httpx.Client() as client:
        for _ in range(2):
            with client.stream("GET", url) as response:
                chunks.append(list(response.iter_raw()))

    assert chunks == [[b"ab", b"\xc3", b"\xa4"]] * 2
    assert len(taken) == 2


def test_a_header_has_the_bytes_that_it_has_for_a_client_in_process():
    fields = (("x-recorded", "caf\xe9"), ("x-fault", "\u5fd9"), ("content-length", "0"))
    with answering(Head(503, fields), End()) as (url, _):
        raw = dict(httpx.get(url).headers.raw)

    assert (raw[b"x-recorded"], raw[b"x-fault"]) == (b"caf\xe9", "\u5fd9".encode())


BROKEN = [
    ("nothing comes", (Abort("disconnected"),), httpx.RemoteProtocolError),
    ("reset at once", (Abort("refused"),), httpx.ReadError),
    ("reset in the body", (Head(200, (JSON,)), Data(b"{"), Abort("reset")), httpx.ReadError),
    ("closed in the body", (Head(200, (JSON,)), Data(b"{"), Abort("incomplete")), httpx.RemoteProtocolError),
    ("no http", (Abort("bad_protocol"),), httpx.RemoteProtocolError),
    (
        "length too long",
        (Head(200, (("content-length", "9"),)), Data(b"{}"), End()),
        httpx.RemoteProtocolError,
    ),
    (
        "lying encoding",
        (Head(200, (("content-encoding", "gzip"),)), Data(b"{}"), Abort("bad_encoding")),
        httpx.DecodingError,
    ),
    ("stalls", (Head(200, (JSON,)), Data(b"{"), Abort("read_timeout")), httpx.ReadTimeout),
]


@pytest.mark.parametrize(("events", "expected"), [row[1:] for row in BROKEN], ids=[row[0] for row in BROKEN])
def test_a_client_meets_what_a_broken_connection_really_raises(events, expected):
    with answering(*events) as (url, _), pytest.raises(expected):
        httpx.get(url, timeout=httpx.Timeout(60, read=0.1 if expected is httpx.ReadTimeout else 60))


def test_a_stall_ends_in_a_reset_for_a_client_that_waits_for_ever():
    with answering(Abort("read_timeout"), patience_s=0.05) as (url, _), pytest.raises(httpx.ReadError):
        httpx.get(url, timeout=None)


def test_a_program_that_once_waited_on_is_not_waited_for_again_where_it_did():
    stalled = Abort("read_timeout")
    with answering(stalled, patience_s=1.0, one_client=True) as (url, _), httpx.Client(timeout=60) as client:
        with pytest.raises(httpx.ReadError):
            client.get(f"{url}/chat")
        with pytest.raises(httpx.ReadError):  # long before the client's own limit
            client.get(f"{url}/chat", timeout=0.9)
        with pytest.raises(httpx.ReadTimeout):
            client.get(f"{url}/other", timeout=httpx.Timeout(60, read=0.05))


def test_a_client_that_goes_is_noticed():
    with answering(Head(200, (JSON,)), Data(b"{")) as (url, taken):
        with httpx.stream("GET", url) as response:
            next(response.iter_raw())
        with httpx.Client() as client, pytest.raises(httpx.ReadTimeout):
            client.get(url, timeout=httpx.Timeout(60, read=0.2))
    assert taken[0].gone


def test_a_target_that_names_no_place_is_not_found():
    with answering() as (url, taken):
        server = url.partition("/https")[0]
        assert httpx.get(f"{server}/v1/messages").status_code == 404
    assert taken == []


@given(
    scheme=st.sampled_from(["http", "https"]),
    place=st.from_regex(r"[a-z0-9.-]{1,20}(:[0-9]{1,5})?", fullmatch=True),
    path=st.from_regex(r"(/[A-Za-z0-9_.-]+){0,4}", fullmatch=True),
)
def test_an_address_here_stands_for_the_place_that_it_was_made_of(scheme, place, path):
    url = f"{scheme}://{place}{path}"
    found = here("http://127.0.0.1:1", url)

    assert meant(found.removeprefix("http://127.0.0.1:1")) == url


def test_a_programs_own_base_url_keeps_its_place_and_only_missing_keys_get_a_placeholder():
    own = {"OPENAI_BASE_URL": "http://127.0.0.1:9/v1", "OPENAI_API_KEY": "mine", "https_proxy": "x"}
    found = program_environment("http://127.0.0.1:1", own, offline=True)

    assert found["OPENAI_BASE_URL"] == "http://127.0.0.1:1/http/127.0.0.1:9/v1"
    assert found["ANTHROPIC_BASE_URL"] == "http://127.0.0.1:1/https/api.anthropic.com"
    assert found["OPENAI_API_KEY"] == "mine"
    assert "placeholder" in found["ANTHROPIC_API_KEY"]
    assert "https_proxy" not in found
    assert found["LITELLM_LOCAL_MODEL_COST_MAP"] == "True"
