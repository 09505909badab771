"""Streams are recorded while they run: nothing held back, every chunk and gap kept, breaks kept as what they were."""

from __future__ import annotations

import asyncio
import gzip
import threading
from collections.abc import Callable
from typing import Any

import aiohttp
import httpx
import httpx2
import pytest

from agent_chaos.patch.recording.record import recording
from agent_chaos.stream.exchange import Abort, Data, End
from tests.patch.raw_server import Got, Script, Wire, serving
from tests.patch.scribes import MemoryScribe
from tests.patch.sdk_calls import FRAMES

HERE = ["127.0.0.1"]


def read_httpx2(url: str, seen: Callable[[bytes], None]) -> None:
    with httpx2.Client() as client, client.stream("POST", url, timeout=60) as response:
        for chunk in response.iter_raw():
            seen(chunk)


def read_httpx2_async(url: str, seen: Callable[[bytes], None]) -> None:
    async def read() -> None:
        async with httpx2.AsyncClient() as client, client.stream("POST", url, timeout=60) as response:
            async for chunk in response.aiter_raw():
                seen(chunk)

    asyncio.run(read())


def read_aiohttp(url: str, seen: Callable[[bytes], None]) -> None:
    async def read() -> None:
        limit = aiohttp.ClientTimeout(sock_read=60)
        async with aiohttp.ClientSession(timeout=limit) as client, client.post(url) as response:
            async for chunk in response.content.iter_any():
                seen(chunk)

    asyncio.run(read())


READERS = [read_httpx2, read_httpx2_async, read_aiohttp]
Reader = Callable[[str, Callable[[bytes], None]], None]

each_reader = pytest.mark.parametrize("read", READERS, ids=["httpx2", "httpx2-async", "aiohttp"])


@each_reader
def test_a_server_that_waits_for_the_client_to_see_each_chunk_is_recorded_to_the_end(read: Reader) -> None:
    saw = threading.Event()

    def script(got: Got, wire: Wire) -> None:
        wire.head(content_type="text/event-stream")
        for i in range(5):
            wire.chunk(b"data: %d\n\n" % i)
            assert saw.wait(5)
            saw.clear()
        wire.end()

    chunks: list[bytes] = []

    def seen(chunk: bytes) -> None:
        chunks.append(chunk)
        saw.set()

    scribe = MemoryScribe()
    with serving(script) as url, recording(scribe, hosts=HERE):
        read(url, seen)
    events = scribe.replies[0].events

    assert [event.data for event in events if isinstance(event, Data)] == chunks
    assert chunks == [b"data: %d\n\n" % i for i in range(5)]
    assert isinstance(events[-1], End)


@each_reader
def test_gaps_and_time_to_first_byte_are_those_of_the_clock(read: Reader) -> None:
    now = {"s": 0.0}
    saw = threading.Event()

    def script(got: Got, wire: Wire) -> None:
        now["s"] = 3.0
        wire.head(content_type="text/event-stream")
        wire.chunk(b"a")
        assert saw.wait(5)
        now["s"] = 7.5
        wire.chunk(b"b")
        wire.end()

    scribe = MemoryScribe()
    with serving(script) as url, recording(scribe, hosts=HERE, clock=lambda: now["s"]):
        read(url, lambda chunk: saw.set())

    assert [event.at for event in scribe.replies[0].events] == [3.0, 3.0, 7.5, 7.5]


def resets(got: Got, wire: Wire) -> None:
    wire.head(content_type="text/event-stream")
    wire.chunk(b"data: 1\n\n")
    wire.reset()


def ends_inside(got: Got, wire: Wire) -> None:
    wire.head(content_type="text/event-stream")
    wire.chunk(b"data: 1\n\n")
    wire.close()


def hangs_up(got: Got, wire: Wire) -> None:
    wire.close()


def talks_nonsense(got: Got, wire: Wire) -> None:
    wire.raw(b"220 mail.example.com ESMTP\r\n\r\n")
    wire.close()


@each_reader
@pytest.mark.parametrize(
    ("script", "kinds"),
    [
        (ends_inside, {"incomplete"}),
        (resets, {"reset", "incomplete"}),
        (hangs_up, {"disconnected", "reset"}),
        (talks_nonsense, {"bad_protocol"}),
    ],
    ids=["ends inside", "reset", "hangs up", "nonsense"],
)
def test_a_break_reaches_the_agent_and_the_cassette(script: Script, kinds: set[str], read: Reader) -> None:
    scribe = MemoryScribe()
    broken = pytest.raises((httpx2.TransportError, aiohttp.ClientError))
    with serving(script) as url, recording(scribe, hosts=HERE) as recorded, broken as raised:
        read(url, lambda chunk: None)
    last = scribe.replies[0].events[-1]

    assert isinstance(last, Abort)
    assert last.kind in kinds
    assert last.message == str(raised.value)
    assert recorded.broken == 1


@pytest.mark.parametrize("style", ["sync", "async", "aiohttp"])
def test_a_refused_connection_is_recorded(style: str) -> None:
    scribe = MemoryScribe()
    with serving(hangs_up) as url:
        gone = url
    read: Reader = {"sync": read_httpx2, "async": read_httpx2_async, "aiohttp": read_aiohttp}[style]
    with recording(scribe, hosts=HERE), pytest.raises((httpx2.ConnectError, aiohttp.ClientConnectorError)):
        read(gone, lambda chunk: None)

    assert [reply.events[-1].kind for reply in scribe.replies if isinstance(reply.events[-1], Abort)] == [
        "refused"
    ]


def never_answers(got: Got, wire: Wire) -> None:
    threading.Event().wait(5)


def test_a_read_timeout_is_recorded() -> None:
    scribe = MemoryScribe()
    with serving(never_answers) as url, recording(scribe, hosts=HERE), pytest.raises(httpx2.ReadTimeout):
        httpx2.post(url, timeout=httpx2.Timeout(60, read=0.05))
    last = scribe.replies[0].events[-1]

    assert isinstance(last, Abort)
    assert last.kind == "read_timeout"
    assert last.at >= 0.05


def close_after_first(url: str, path: str, wanted: bytes) -> None:
    with (
        httpx2.Client() as client,
        client.stream("POST", f"{url}{path}", content=b'{"messages":[]}') as response,
    ):
        body = b""
        for chunk in response.iter_raw():
            body += chunk
            if wanted in body:
                return


def waits_after_last(got: Got, wire: Wire) -> None:
    wire.head(content_type="text/event-stream")
    for frame in FRAMES["anthropic_messages"]():
        wire.chunk(frame)
    threading.Event().wait(5)


def test_a_stream_closed_after_its_terminator_is_whole() -> None:
    scribe = MemoryScribe()
    with serving(waits_after_last) as url, recording(scribe) as recorded:
        close_after_first(url, "/v1/messages", b"message_stop")

    assert scribe.replies[0].ended
    assert scribe.replies[0].body == b"".join(FRAMES["anthropic_messages"]())
    assert recorded.broken == 0


def test_a_stream_closed_before_its_terminator_is_broken() -> None:
    scribe = MemoryScribe()
    with serving(waits_after_last) as url, recording(scribe) as recorded:
        close_after_first(url, "/v1/messages", b"text_delta")
    last = scribe.replies[0].events[-1]

    assert isinstance(last, Abort)
    assert (last.kind, last.message) == ("incomplete", "closed by the client")
    assert recorded.broken == 1


def test_a_stream_nobody_closed_is_kept_when_the_recording_ends() -> None:
    scribe = MemoryScribe()
    with serving(waits_after_last) as url, httpx2.Client() as client:
        with recording(scribe, hosts=HERE):
            request = client.build_request("POST", url)
            response = client.send(request, stream=True)
            first = next(response.iter_raw())
        response.close()

    assert scribe.replies[0].body.startswith(first)
    assert len(scribe.exchanges) == 1


@each_reader
def test_a_cancelled_or_abandoned_read_is_the_clients_closing(read: Reader) -> None:
    scribe = MemoryScribe()

    class Enough(Exception):
        pass

    def seen(chunk: bytes) -> None:
        raise Enough

    with serving(waits_after_last) as url, recording(scribe, hosts=HERE), pytest.raises(Enough):
        read(url, seen)
    last = scribe.replies[0].events[-1]

    assert isinstance(last, Abort)
    assert last.message == "closed by the client"


def compresses(got: Got, wire: Wire) -> None:
    body = gzip.compress(b'{"ok": true}')
    wire.head(content_type="application/json", content_encoding="gzip")
    wire.chunk(body[:7])
    wire.chunk(body[7:])
    wire.end()


def json_with(client: str, url: str) -> Any:
    if client == "aiohttp":

        async def get() -> Any:
            async with aiohttp.ClientSession() as session, session.get(url) as response:
                return await response.json()

        return asyncio.run(get())
    return {"httpx2": httpx2, "httpx": httpx}[client].get(url).json()


@pytest.mark.parametrize("client", ["httpx2", "httpx", "aiohttp"])
def test_a_body_compressed_all_the_same_is_kept_plain(client: str) -> None:
    scribe = MemoryScribe()
    with serving(compresses) as url, recording(scribe, hosts=HERE):
        answer = json_with(client, url)

    assert answer == {"ok": True}
    assert scribe.replies[0].body == b'{"ok": true}'
    assert scribe.replies[0].header("content-encoding") == ""
    assert scribe.replies[0].ended
