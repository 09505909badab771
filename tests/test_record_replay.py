"""What was recorded over a real socket replays the same once the server is gone, whatever the protocol and style."""

from __future__ import annotations

import json
import threading
from asyncio import gather, run
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import anthropic
import openai
import pytest

from agent_chaos.record.recording import record_scenario
from agent_chaos.scenario.model import BaselineScenario
from agent_chaos.stream.exchange import Data, Reply
from agent_chaos.trace.fidelity import Fidelity
from agent_chaos.trace.trace import Trace
from agent_chaos.trial.rehearsal import Rehearsal
from tests.patch.raw_server import Got, Wire, serving
from tests.patch.sdk_calls import PROTOCOLS, TEXT, acall, call, provider, transport_of
from tests.patch.test_record_streams import Reader, each_reader
from tests.standin.server import standin
from tests.tool_loops import ANSWER, QUESTION, SPEAKERS, SUNNY, agent_of, script

AIOHTTP = {
    "anthropic_messages": anthropic.DefaultAioHttpClient,
    "openai_chat": openai.DefaultAioHttpClient,
    "openai_responses": openai.DefaultAioHttpClient,
}
"""The SDKs' own aiohttp clients; Gemini's async client is one by itself."""

whole_and_streamed = pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])


def chunks(reply: Reply) -> list[tuple[bytes, float]]:
    return [(event.data, event.at) for event in reply.events if isinstance(event, Data)]


def scenario_of(agent: Any, folder: Path) -> BaselineScenario:
    return BaselineScenario(
        name="matrix",
        agent=agent,
        turns=(QUESTION,),
        hosts=("127.0.0.1",),
        cassette=folder / "matrix.msgpack",
    )


def recorded_and_replayed(folder: Path, protocol: str, **how: Any) -> tuple[Rehearsal, Trace]:
    """The agent of `how`, recorded against a server, and replayed without it."""
    with standin(script) as server:
        scenario = scenario_of(agent_of(protocol, server.url, **how), folder)
        record_scenario(scenario)
    rehearsal = Rehearsal(scenario)
    return rehearsal, rehearsal.prepare()


def assert_same(rehearsal: Rehearsal, trace: Trace, *, transport: str) -> None:
    """The replay is the recording: the same answer from the same exchanges, chunk by chunk, and no tool ran."""
    cassette = rehearsal.cassette

    assert [mark.answer for mark in cassette.turns if mark.kind == "end"] == [ANSWER]
    assert [answer.text for answer in trace.answers] == [ANSWER]
    assert [call.fidelity for call in trace.calls] == [Fidelity.EXACT] * 2
    assert [call.transport for call in trace.calls] == [transport] * 2
    assert [chunks(call.reply) for call in trace.calls if call.reply] == [
        chunks(exchange.reply) for exchange in cassette.exchanges
    ]
    assert [(run.arguments, run.end.result, run.effect) for run in trace.tools] == [
        ({"city": "Zürich"}, SUNNY, "recorded")
    ]
    assert json.dumps(SUNNY)[1:-1].encode() in trace.calls[1].request.body.replace(b"\\", b"")


@whole_and_streamed
@pytest.mark.parametrize("style", ["sync", "async"])
@pytest.mark.parametrize("protocol", SPEAKERS)
def test_it_replays_as_it_was_recorded_with_the_server_stopped(protocol, style, stream, tmp_path):
    rehearsal, trace = recorded_and_replayed(tmp_path, protocol, style=style, stream=stream)

    assert_same(rehearsal, trace, transport=transport_of(protocol, style))


@whole_and_streamed
@pytest.mark.parametrize("protocol", AIOHTTP)
def test_the_sdks_aiohttp_clients_replay_too(protocol, stream, tmp_path):
    rehearsal, trace = recorded_and_replayed(
        tmp_path, protocol, style="async", stream=stream, http_client=AIOHTTP[protocol]
    )

    assert_same(rehearsal, trace, transport="aiohttp")


SIX = range(6)


def in_threads(protocol: str, url: str) -> str:
    with ThreadPoolExecutor(len(SIX)) as pool:
        return " ".join(
            pool.map(lambda number: call(protocol, f"{url}/{number}", stream=number % 2 > 0), SIX)
        )


def in_a_loop(protocol: str, url: str) -> str:
    async def ask() -> list[str]:
        return await gather(*(acall(protocol, f"{url}/{number}", stream=number % 2 > 0) for number in SIX))

    return " ".join(run(ask()))


@pytest.mark.parametrize("at_once", [in_threads, in_a_loop], ids=["threads", "loop"])
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_six_calls_at_once_are_all_recorded_and_get_their_own_answers(protocol, at_once, tmp_path):
    """Each is asked under a path of its own, whole and streamed in turn: a reply that is another's is of the wrong form."""
    with serving(provider) as url:
        scenario = scenario_of(lambda ctx, text: at_once(protocol, url), tmp_path)
        live = record_scenario(scenario)
    rehearsal = Rehearsal(scenario)
    clean = rehearsal.prepare()

    assert live.calls == len(SIX)
    assert [answer.text for answer in clean.answers] == [" ".join([TEXT] * len(SIX))]
    assert [one.fidelity for one in clean.calls] == [Fidelity.EXACT] * len(SIX)
    assert len({one.request.path for one in clean.calls}) == len(SIX)


@each_reader
def test_a_client_reads_the_same_chunks_in_replay(read: Reader, tmp_path: Path) -> None:
    sent = ["data: Zü".encode()[:-1], "ü\n".encode()[1:], b"\ndata: 2\n\ndata", b": 3\n\n"]
    arrived = [threading.Event() for _ in sent]
    read_so_far: list[bytes] = []

    def keeps_step(got: Got, wire: Wire) -> None:
        wire.head(content_type="text/event-stream")
        for number, chunk in enumerate(sent):
            wire.chunk(chunk)
            assert arrived[number].wait(5)
        wire.end()

    def agent(ctx: Any, text: str) -> dict[str, Any]:
        read_so_far.clear()
        read(url, saw)
        return {"response": [chunk.hex() for chunk in read_so_far]}

    def saw(chunk: bytes) -> None:
        read_so_far.append(chunk)
        arrived[len(read_so_far) - 1].set()

    with serving(keeps_step) as url:
        scenario = scenario_of(agent, tmp_path)
        record_scenario(scenario)
        live = list(read_so_far)
    trace = Rehearsal(scenario).prepare()

    assert live == sent
    assert read_so_far == sent
    assert len(trace.calls) == 1
