"""What a recording keeps, what it lets pass, how modes work, and that it leaves nothing patched."""

from __future__ import annotations

import asyncio
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import aiohttp
import httpx2
import pytest
import requests

from agent_chaos.cassette.model import Cassette, Header, ToolEnd, ToolRecord, TurnMark
from agent_chaos.cassette.storage.writer import CassetteWriter
from agent_chaos.errors import RecordError, ReplayMiss, UsageError
from agent_chaos.patch.install import environment
from agent_chaos.patch.recording.record import recording
from agent_chaos.stream.exchange import Reply, Request
from tests.patch.raw_server import Got, Wire, serving
from tests.patch.scribes import MemoryScribe
from tests.patch.sdk_calls import provider

HERE = ["127.0.0.1"]
HEADER = Header(scenario="modes", started_at=0.0)


def echoes(got: Got, wire: Wire) -> None:
    wire.whole(b'{"echo": "%s"}' % got.path.encode())


def aiohttp_get(url: str) -> bytes:
    async def get() -> bytes:
        async with aiohttp.ClientSession() as session, session.get(url) as response:
            return await response.read()

    return asyncio.run(get())


def httpx2_get(url: str) -> bytes:
    return bytes(httpx2.get(url).content)


def requests_get(url: str) -> bytes:
    return bytes(requests.get(url, timeout=60).content)


@pytest.fixture(autouse=True)
def a_process_that_records() -> Iterator[None]:
    with environment():
        yield


each_client = pytest.mark.parametrize(
    "get", [httpx2_get, aiohttp_get, requests_get], ids=["httpx2", "aiohttp", "requests"]
)


@each_client
def test_hosts_without_a_protocol_pass_unseen_and_are_counted(get: object) -> None:
    assert callable(get)
    scribe = MemoryScribe()
    with serving(echoes) as url, recording(scribe) as recorded:
        body = get(f"{url}/telemetry")

    assert body == b'{"echo": "/telemetry"}'
    assert scribe.exchanges == []
    assert recorded.passed == {url.removeprefix("http://"): 1}


@each_client
def test_a_named_host_is_recorded(get: object) -> None:
    assert callable(get)
    scribe = MemoryScribe()
    with serving(echoes) as url, recording(scribe, hosts=[url.removeprefix("http://")]) as recorded:
        body = get(f"{url}/weather?city=Oslo")
    request, reply, _, transport = scribe.exchanges[0]

    assert reply.body == body
    assert request.query == (("city", "Oslo"),)
    assert transport in ("httpx2", "aiohttp", "urllib3")
    assert recorded.hosts == {url.removeprefix("http://"): 1}


def test_an_ignored_host_wins_over_its_protocol() -> None:
    scribe = MemoryScribe()
    with serving(provider) as url, recording(scribe, hosts=HERE, ignore_hosts=HERE) as recorded:
        httpx2.post(f"{url}/v1/messages", json={"messages": []})

    assert scribe.exchanges == []
    assert recorded.passed == {url.removeprefix("http://"): 1}


def test_the_standard_library_is_recorded() -> None:
    scribe = MemoryScribe()
    with (
        serving(echoes) as url,
        recording(scribe, hosts=HERE),
        urllib.request.urlopen(f"{url}/plain") as answer,
    ):
        body = answer.read()

    assert scribe.replies[0].body == body == b'{"echo": "/plain"}'


def test_hooks_rewrite_what_is_kept_and_not_what_the_agent_sees() -> None:
    scribe = MemoryScribe()

    def shorter(request: Request) -> Request:
        return replace(request, body=b"{}")

    def none(reply: Reply) -> None:
        return None

    with serving(echoes) as url:
        with recording(scribe, hosts=HERE, before_request=shorter):
            body = httpx2.post(f"{url}/a", content=b'{"secret": 1}').content
        with recording(scribe, hosts=HERE, before_response=none) as second:
            httpx2.get(f"{url}/b")

    assert body == b'{"echo": "/a"}'
    assert [request.body for request, *_ in scribe.exchanges] == [b"{}"]
    assert second.dropped == 1


def test_a_failing_hook_fails_the_recording_and_not_the_agent() -> None:
    def broken(request: Request) -> Request:
        raise ZeroDivisionError("in a hook")

    fails = pytest.raises(RecordError, match="before_record hook failed: ZeroDivisionError")
    with serving(echoes) as url, fails, recording(MemoryScribe(), hosts=HERE, before_request=broken):
        assert httpx2.get(f"{url}/a").status_code == 200


def test_nothing_stays_patched() -> None:
    before = (
        httpx2.HTTPTransport.handle_request,
        httpx2.AsyncHTTPTransport.handle_async_request,
        aiohttp.BaseConnector.connect,
        aiohttp.ClientRequest.send,
        aiohttp.ClientResponse.start,
    )
    with pytest.raises(ZeroDivisionError), recording(MemoryScribe()):
        raise ZeroDivisionError
    after = (
        httpx2.HTTPTransport.handle_request,
        httpx2.AsyncHTTPTransport.handle_async_request,
        aiohttp.BaseConnector.connect,
        aiohttp.ClientRequest.send,
        aiohttp.ClientResponse.start,
    )

    assert before == after


def test_threads_record_into_one_cassette(tmp_path: Path) -> None:
    writer = CassetteWriter(tmp_path / "threads.msgpack", HEADER)
    with serving(echoes) as url, recording(writer, hosts=HERE) as recorded, ThreadPoolExecutor(8) as pool:
        bodies = list(pool.map(httpx2_get, [f"{url}/{i}" for i in range(64)]))
    cassette = writer.finish()
    recorded_bodies = {exchange.request.path: exchange.reply.body for exchange in cassette.exchanges}

    assert recorded.calls == len(cassette.exchanges) == 64
    assert [recorded_bodies[f"/{i}"] for i in range(64)] == bodies
    assert [exchange.index for exchange in cassette.exchanges] == list(range(64))


def test_fifty_tasks_record_what_each_got() -> None:
    scribe = MemoryScribe()

    async def gather(url: str) -> list[bytes]:
        async with httpx2.AsyncClient() as client:
            answers = await asyncio.gather(*(client.get(f"{url}/{i}") for i in range(50)))
        return [bytes(answer.content) for answer in answers]

    with serving(echoes) as url, recording(scribe, hosts=HERE):
        bodies = asyncio.run(gather(url))

    assert {request.path: reply.body for request, reply, *_ in scribe.exchanges} == {
        f"/{i}": body for i, body in enumerate(bodies)
    }


def recorded_once(folder: Path, url: str) -> Cassette:
    writer = CassetteWriter(folder / "modes.msgpack", HEADER)
    writer.turn(TurnMark(0, 0.0, "hi"))
    with recording(writer, hosts=HERE):
        httpx2_get(f"{url}/old")
    writer.tool(ToolRecord(0, 0, 9.0, "pay", {"amount": 1}, ToolEnd("ok")))
    return writer.finish()


@each_client
@pytest.mark.parametrize("mode", ["once", "none"])
def test_protected_modes_answer_from_the_cassette_and_let_nothing_out(
    mode: str, get: object, tmp_path: Path
) -> None:
    assert callable(get)
    asked: list[str] = []

    def notes(got: Got, wire: Wire) -> None:
        asked.append(got.path)
        echoes(got, wire)

    with serving(notes) as url:
        earlier = recorded_once(tmp_path, url)
        asked.clear()
        with recording(MemoryScribe(), hosts=HERE, mode=mode, earlier=earlier) as recorded:
            old = get(f"{url}/old")

    assert old == b'{"echo": "/old"}'
    assert asked == []
    assert recorded.played == 1


@pytest.mark.parametrize("mode", ["once", "none"])
def test_protected_modes_refuse_what_the_cassette_lacks(mode: str, tmp_path: Path) -> None:
    with serving(echoes) as url:
        earlier = recorded_once(tmp_path, url)
        live = recording(MemoryScribe(), hosts=HERE, mode=mode, earlier=earlier)
        with live as recorded, pytest.raises(ReplayMiss, match=r"no answer for GET 127\.0\.0\.1/new"):
            httpx2_get(f"{url}/new")

    assert recorded.refused == ["GET 127.0.0.1/new"]


def test_once_records_where_there_is_no_cassette() -> None:
    scribe = MemoryScribe()
    with serving(echoes) as url, recording(scribe, hosts=HERE, mode="once"):
        httpx2_get(f"{url}/new")

    assert len(scribe.exchanges) == 1


def test_new_episodes_adds_what_is_lacking_after_what_is_there(tmp_path: Path) -> None:
    with serving(echoes) as url:
        earlier = recorded_once(tmp_path, url)
        writer = CassetteWriter(tmp_path / "modes.msgpack", HEADER)
        writer.carry(earlier)
        writer.turn(TurnMark(0, 0.0, "hi"))
        with recording(writer, hosts=HERE, mode="new_episodes", earlier=earlier) as recorded:
            httpx2_get(f"{url}/old")
            httpx2_get(f"{url}/new")
        writer.tool(ToolRecord(0, 0, 9.0, "pay", {"amount": 1}, ToolEnd("ok")))
        writer.tool(ToolRecord(0, 0, 9.5, "pay", {"amount": 2}, ToolEnd("ok")))
        cassette = writer.finish()

    assert [exchange.request.path for exchange in cassette.exchanges] == ["/old", "/new"]
    assert [tool.arguments for tool in cassette.tools] == [{"amount": 1}, {"amount": 2}]
    assert len(cassette.turns) == 1
    assert (recorded.played, recorded.calls) == (1, 1)


def test_all_records_everything_anew(tmp_path: Path) -> None:
    scribe = MemoryScribe()
    with serving(echoes) as url:
        earlier = recorded_once(tmp_path, url)
        with recording(scribe, hosts=HERE, mode="all", earlier=earlier):
            httpx2_get(f"{url}/old")

    assert len(scribe.exchanges) == 1


def test_an_unknown_mode_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="no record mode 'twice'"), recording(MemoryScribe(), mode="twice"):
        raise AssertionError("the block must not run")
