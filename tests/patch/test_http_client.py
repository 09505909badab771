"""http.client and everything above it: recorded over a real socket, replayed without it, by each library's own parser."""

from __future__ import annotations

import http.client
import io
import json
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
import requests
import urllib3
from botocore.config import Config

from agent_chaos.cassette.storage.file import open_cassette
from agent_chaos.record.recording import record_scenario
from agent_chaos.scenario.model import BaselineScenario
from agent_chaos.stream.exchange import Abort, Data, Head, Reply
from agent_chaos.trial.rehearsal import Rehearsal
from tests.patch.raw_server import Got, Wire, serving
from tests.trials import claude_says, json_reply, recorded, scenario, trial

ASKED = {"model": "m", "messages": [{"role": "user", "content": "hello"}]}
HEADERS = {"content-type": "application/json", "x-api-key": "sk-none"}
URL = "https://api.anthropic.com/v1/messages"


def echo(got: Got, wire: Wire) -> None:
    """Answers with what was asked, in chunks of one character where a stream is asked for."""
    body = b"".join(piece for piece in got.body.split(b"\r\n") if piece.startswith(b"{")) or got.body
    if got.path.endswith("stream"):
        wire.stream([bytes([one]) for one in body])
    else:
        wire.whole(body)


def with_requests(url: str, body: bytes) -> bytes:
    return requests.post(url, data=body, headers=HEADERS, timeout=60).content


def with_requests_session(url: str, body: bytes) -> bytes:
    with requests.Session() as session:
        first = session.post(url, data=body, headers=HEADERS, timeout=60).content
        assert session.post(url, data=body, headers=HEADERS, timeout=60).content == first
        return first


def with_requests_stream(url: str, body: bytes) -> bytes:
    with requests.post(f"{url}/stream", data=body, headers=HEADERS, stream=True, timeout=60) as response:
        return b"".join(response.iter_content(chunk_size=None))


def with_urllib3(url: str, body: bytes) -> bytes:
    return urllib3.PoolManager().request("POST", url, body=body, headers=HEADERS).data


def with_urllib3_stream(url: str, body: bytes) -> bytes:
    asked = urllib3.PoolManager().request("POST", f"{url}/stream", body=body, preload_content=False)
    return b"".join(asked.stream())


def with_urllib(url: str, body: bytes) -> bytes:
    asked = urllib.request.Request(url, data=body, headers=HEADERS)
    with urllib.request.urlopen(asked, timeout=60) as response:
        return bytes(response.read())


def with_http_client(url: str, body: bytes) -> bytes:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=60)
    connection.request("POST", parts.path, body=body, headers=HEADERS)
    return connection.getresponse().read()


STACKS = {
    "requests": with_requests,
    "requests-session": with_requests_session,
    "requests-stream": with_requests_stream,
    "urllib3": with_urllib3,
    "urllib3-stream": with_urllib3_stream,
    "urllib": with_urllib,
    "http.client": with_http_client,
}


def kept(agent: Any, folder: Path) -> BaselineScenario:
    return BaselineScenario(
        name="kept", agent=agent, turns=("go",), hosts=("127.0.0.1",), cassette=folder / "kept.msgpack"
    )


@pytest.mark.parametrize("stack", STACKS)
def test_what_was_recorded_over_a_socket_replays_without_it(stack: str, tmp_path: Path) -> None:
    with serving(echo) as url:
        one = kept(
            lambda ctx, text: STACKS[stack](f"{url}/v1/messages", json.dumps(ASKED).encode()).decode(),
            tmp_path,
        )
        record_scenario(one)
    rehearsal = Rehearsal(one)
    clean = rehearsal.prepare()

    assert json.loads(clean.answers[0].text) == ASKED
    assert {exchange.reply.body for exchange in rehearsal.cassette.exchanges} == {json.dumps(ASKED).encode()}


@pytest.mark.parametrize("stack", ["requests", "urllib3", "urllib", "http.client"])
def test_six_threads_at_once_are_all_recorded_and_get_their_own_answers(stack: str, tmp_path: Path) -> None:
    with serving(echo) as url:

        def ask(number: int) -> str:
            body = json.dumps({**ASKED, "number": number}).encode()
            return str(json.loads(STACKS[stack](f"{url}/v1/messages", body))["number"])

        def agent(ctx: Any, text: str) -> str:
            with ThreadPoolExecutor(6) as pool:
                return " ".join(pool.map(ask, range(6)))

        summary = record_scenario(one := kept(agent, tmp_path))

    assert summary.calls == 6
    assert trial(one, open_cassette(one.cassette_path)).answers[0].text == "0 1 2 3 4 5"


def bedrock_client(url: str) -> Any:
    return boto3.client(
        "bedrock-runtime",
        region_name="us-east-1",
        endpoint_url=url,
        aws_access_key_id="none",
        aws_secret_access_key="none",
        config=Config(retries={"max_attempts": 1}),
    )


def converse(client: Any, said: str = "hi") -> str:
    asked = client.converse(modelId="m", messages=[{"role": "user", "content": [{"text": said}]}])
    return str(asked["output"]["message"]["content"][0]["text"])


def bedrock(got: Got, wire: Wire) -> None:
    """Answers with what was asked."""
    message = {"role": "assistant", "content": json.loads(got.body)["messages"][0]["content"]}
    wire.whole(
        json.dumps(
            {
                "output": {"message": message},
                "stopReason": "end_turn",
                "usage": {"inputTokens": 1, "outputTokens": 1, "totalTokens": 2},
                "metrics": {"latencyMs": 1},
            }
        ).encode()
    )


def test_bedrock_through_boto3_replays_without_its_server(tmp_path: Path) -> None:
    with serving(bedrock) as url:
        summary = record_scenario(one := kept(lambda ctx, text: converse(bedrock_client(url)), tmp_path))
    rehearsal = Rehearsal(one)

    assert summary.calls == 1
    assert rehearsal.prepare().answers[0].text == "hi"
    assert rehearsal.cassette.exchanges[0].transport == "botocore"


def test_six_threads_of_one_boto3_client_are_all_recorded_and_get_their_own_answers(tmp_path: Path) -> None:
    with serving(bedrock) as url:

        def agent(ctx: Any, text: str) -> str:
            client = bedrock_client(url)
            with ThreadPoolExecutor(6) as pool:
                return " ".join(pool.map(lambda number: converse(client, str(number)), range(6)))

        summary = record_scenario(one := kept(agent, tmp_path))

    assert summary.calls == 6
    assert trial(one, open_cassette(one.cassette_path)).answers[0].text == "0 1 2 3 4 5"


BODY = json.dumps({"max_tokens": 9, **ASKED}).encode()
BODIES = {
    "bytes": lambda: BODY,
    "text": BODY.decode,
    "file": lambda: io.BytesIO(BODY),
    "generator": lambda: iter([BODY[:9], BODY[9:]]),
    "bytearray": lambda: bytearray(BODY),
}


@pytest.mark.parametrize("form", BODIES)
def test_a_body_of_any_form_that_requests_takes_is_answered(form: str) -> None:
    def call(body: Any) -> str:
        return str(requests.post(URL, data=body, headers=HEADERS, timeout=5).json()["content"][0]["text"])

    cassette = recorded(scenario(lambda ctx, text: call(BODY)), [claude_says("hi")])
    replayed = trial(scenario(lambda ctx, text: call(BODIES[form]())), cassette)

    assert [answer.text for answer in replayed.answers] == ["hi"]


@pytest.mark.parametrize(
    ("timeout", "raised"),
    [(urllib3.Timeout(0.4), "ReadTimeout"), (0.4, "ReadTimeout"), (0.6, ""), ((1, 0.4), "ReadTimeout")],
    ids=["urllib3", "short", "long", "pair"],
)
def test_a_clients_own_limit_ends_its_wait_in_virtual_time(timeout: Any, raised: str) -> None:
    one = scenario(lambda ctx, text: requests.post(URL, data=BODY, headers=HEADERS, timeout=timeout).text)
    cassette = recorded(scenario(lambda ctx, text: with_requests(URL, BODY)), [claude_says("hi", at=0.5)])
    trace = trial(one, cassette)

    assert [entry.type.rpartition(".")[2] for entry in trace.raised] == ([raised] if raised else [])
    assert trace.virtual_s == (0.4 if raised else 0.5)


def test_a_reply_that_comes_just_within_the_limit_is_taken() -> None:
    one = scenario(lambda ctx, text: requests.post(URL, data=BODY, headers=HEADERS, timeout=0.5).text)
    trace = trial(one, recorded(one, [claude_says("hi", at=0.5)]))

    assert trace.raised == ()


def test_a_stream_that_is_left_early_is_closed_and_no_failure() -> None:
    def agent(ctx: Any, text: str) -> str:
        with requests.post(URL, data=BODY, headers=HEADERS, stream=True, timeout=5) as response:
            return next(response.iter_content(chunk_size=None)).decode()

    head = Head(200, (("content-type", "text/event-stream"),))
    reply = Reply((head, Data(b"one", 0.1), Data(b"two", 0.2), Abort("reset", 0.3)))
    trace = trial(scenario(agent), recorded(scenario(agent), [reply]))

    assert trace.answers[0].text == "one"
    assert [entry.outcome for entry in trace.deliveries.values()] == ["closed"]


def test_replies_keep_their_headers_byte_by_byte() -> None:
    def agent(ctx: Any, text: str) -> str:
        response = requests.post(URL, data=BODY, headers=HEADERS, timeout=5)
        return f"{response.headers['x-served-by']} {response.headers['content-length']}"

    reply = json_reply({"a": 1}, x_served_by="J\xf6rg", content_length="8")

    assert trial(scenario(agent), recorded(scenario(agent), [reply])).answers[0].text == "J\xf6rg 8"


def test_a_certificate_that_fails_is_an_ssl_error_for_requests() -> None:
    one = scenario(lambda ctx, text: with_requests(URL, BODY).decode())
    trace = trial(one, recorded(one, [Reply((Abort("tls"),))]))

    assert [entry.type for entry in trace.raised] == ["requests.exceptions.SSLError"]
