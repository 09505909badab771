"""Four protocols, sync and async, streaming or not, recorded over a real socket through the real SDKs."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from agent_chaos.cassette.model import Header
from agent_chaos.cassette.storage.file import open_cassette
from agent_chaos.cassette.storage.writer import CassetteWriter
from agent_chaos.patch.recording.record import recording
from agent_chaos.stream.exchange import Data
from tests.patch.raw_server import serving
from tests.patch.sdk_calls import (
    FRAMES,
    KEY,
    PROTOCOLS,
    TEXT,
    acall,
    call,
    provider,
    transport_of,
    whole_body,
)


def writer_in(folder: Path) -> CassetteWriter:
    return CassetteWriter(folder / "recorded.msgpack", Header(scenario="recorded", started_at=0.0))


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("style", ["sync", "async"])
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_call_is_recorded_as_it_went(protocol: str, style: str, stream: bool, tmp_path: Path) -> None:
    writer = writer_in(tmp_path)
    with serving(provider) as url, recording(writer, hosts=["127.0.0.1"]) as recorded:
        if style == "sync":
            said = call(protocol, url, stream=stream)
        else:
            said = asyncio.run(acall(protocol, url, stream=stream))
    cassette = writer.finish()
    exchange = cassette.exchanges[0]
    chunks = [event.data for event in exchange.reply.events if isinstance(event, Data)]

    assert said == TEXT
    assert (recorded.calls, len(cassette.exchanges)) == (1, 1)
    assert exchange.reply.ended
    assert exchange.protocol == protocol
    assert exchange.transport == transport_of(protocol, style)
    assert b"".join(chunks) == (b"".join(FRAMES[protocol]()) if stream else whole_body(protocol))
    assert recorded.input_tokens == (0 if (protocol, stream) == ("openai_chat", True) else 11)
    assert exchange.request.header("accept-encoding") == "identity"
    assert KEY.encode() not in writer.path.read_bytes()
    assert KEY not in repr(open_cassette(writer.path).exchanges[0])


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("protocol", ["anthropic_messages", "openai_chat", "openai_responses"])
def test_the_sdks_aiohttp_clients_are_recorded(protocol: str, stream: bool, tmp_path: Path) -> None:
    sdk = pytest.importorskip("anthropic" if protocol == "anthropic_messages" else "openai")
    writer = writer_in(tmp_path)

    async def one(url: str) -> str:
        client: Any = sdk.DefaultAioHttpClient()
        return await acall(protocol, url, stream=stream, http_client=client)

    with serving(provider) as url, recording(writer, hosts=["127.0.0.1"]):
        said = asyncio.run(one(url))
    exchange = writer.finish().exchanges[0]

    assert said == TEXT
    assert exchange.transport == "aiohttp"
    assert exchange.reply.ended


@pytest.mark.parametrize("style", ["sync", "async"])
def test_clients_on_the_older_httpx_are_recorded(style: str, tmp_path: Path) -> None:
    httpx = pytest.importorskip("httpx")
    writer = writer_in(tmp_path)

    async def aget(url: str) -> Any:
        async with httpx.AsyncClient() as client:
            return await client.post(f"{url}/v1/messages", json={"a": 1})

    with serving(provider) as url, recording(writer, hosts=["127.0.0.1"]):
        if style == "sync":
            answer = httpx.post(f"{url}/v1/messages", json={"a": 1})
        else:
            answer = asyncio.run(aget(url))
    exchange = writer.finish().exchanges[0]

    assert answer.content == exchange.reply.body == whole_body("anthropic_messages")
    assert exchange.transport == "httpx"
