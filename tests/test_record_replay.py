"""What was recorded over a real socket replays the same once the server is gone, whatever the protocol and style."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import agent_chaos
from agent_chaos.cassette.model import Exchange
from agent_chaos.core.fidelity import Fidelity
from agent_chaos.core.trace import Trace
from agent_chaos.scenario.model import BaselineScenario
from agent_chaos.scenario.recording import record_scenario
from agent_chaos.scenario.rehearsal import Rehearsal
from agent_chaos.stream.exchange import Data, Reply
from tests.patch.raw_server import serving
from tests.patch.sdk_calls import PROTOCOLS, TEXT, acall, call, provider

SUNNY = {"sky": "clear", "degrees": 21}


@agent_chaos.tool
def weather(city: str) -> dict[str, Any]:
    return dict(SUNNY)


def agent_of(protocol: str, style: str, stream: bool, url: str, client: Any = None) -> Any:
    """An agent with one real SDK call and one wrapped tool; `client` makes the SDK's HTTP client."""

    def sync(ctx: Any, text: str) -> str:
        return f"{call(protocol, url, stream=stream)} {weather('Oslo')}"

    async def asynchronous(ctx: Any, text: str) -> str:
        options = {} if client is None else {"http_client": client()}
        return f"{await acall(protocol, url, stream=stream, **options)} {weather('Oslo')}"

    return sync if style == "sync" else asynchronous


def chunks(reply: Reply) -> list[tuple[bytes, float]]:
    return [(event.data, event.at) for event in reply.events if isinstance(event, Data)]


def recorded_and_replayed(
    folder: Path, protocol: str, style: str, stream: bool, client: Any = None
) -> tuple[Exchange, Trace]:
    with serving(provider) as url:
        scenario = BaselineScenario(
            name="matrix",
            agent=agent_of(protocol, style, stream, url, client),
            turns=("go",),
            hosts=("127.0.0.1",),
            cassette=folder / "matrix.msgpack",
        )
        record_scenario(scenario)
    rehearsal = Rehearsal(scenario)
    return rehearsal.cassette.exchanges[0], rehearsal.prepare()


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("style", ["sync", "async"])
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_it_replays_as_it_was_recorded_with_the_server_stopped(protocol, style, stream, tmp_path):
    recorded, trace = recorded_and_replayed(tmp_path, protocol, style, stream)

    assert trace.answers[0].text == f"{TEXT} {SUNNY}"
    assert [one.fidelity for one in trace.calls] == [Fidelity.EXACT]
    assert trace.calls[0].transport == recorded.transport
    assert chunks(trace.calls[0].reply) == chunks(recorded.reply)
    assert [(run.name, run.effect) for run in trace.tools] == [("weather", "recorded")]


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("protocol", ["anthropic_messages", "openai_chat", "openai_responses"])
def test_the_sdks_aiohttp_clients_replay_too(protocol, stream, tmp_path):
    sdk = pytest.importorskip("anthropic" if protocol == "anthropic_messages" else "openai")
    recorded, trace = recorded_and_replayed(tmp_path, protocol, "async", stream, sdk.DefaultAioHttpClient)

    assert trace.answers[0].text == f"{TEXT} {SUNNY}"
    assert (recorded.transport, trace.calls[0].transport) == ("aiohttp", "aiohttp")
    assert chunks(trace.calls[0].reply) == chunks(recorded.reply)
