"""What a recording cannot see is said while it is made; what no replay could answer is not paid for."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import aiohttp
import httpx2
import openai
import pytest
import requests

from agent_chaos.cassette.storage.file import open_cassette
from agent_chaos.commands.record import blind_spots
from agent_chaos.errors import RecordError
from agent_chaos.record.recording import record_scenario
from agent_chaos.record.summary import record_summary
from agent_chaos.scenario.model import BaselineScenario
from agent_chaos.trial.rehearsal import Rehearsal
from tests.patch.raw_server import Got, Wire, serving
from tests.patch.sdk_calls import FRAMES, PARTS, whole_body
from tests.trials import json_reply, recorded, scenario, trial

ASKED = {"model": "m", "messages": [{"role": "user", "content": "hello"}]}


def provider(got: Got, wire: Wire) -> None:
    vector = json.dumps({"object": "list", "data": [{"embedding": [0.5]}]}).encode()
    wire.whole(vector if got.path.endswith("embeddings") else whole_body("openai_chat"))


def of(agent: Any, folder: Path, **fields: Any) -> BaselineScenario:
    return BaselineScenario(name="rag", agent=agent, turns=("go",), cassette=folder / "rag.msgpack", **fields)


def ask(url: str) -> str:
    answer = httpx2.post(f"{url}/v1/chat/completions", json=ASKED).json()
    return str(answer["choices"][0]["message"]["content"])


def test_what_is_asked_of_a_models_host_is_recorded_even_before_the_model_was_asked(tmp_path: Path) -> None:
    def agent(ctx: Any, text: str) -> str:
        vector = requests.post(f"{url}/v1/embeddings", json={"input": text}, timeout=60).json()
        return f"{vector['data'][0]['embedding'][0]} {ask(url)}"

    with serving(provider) as url:
        summary = record_scenario(one := of(agent, tmp_path))
    clean = Rehearsal(one).prepare()

    assert [call.request.path for call in clean.calls] == ["/v1/embeddings", "/v1/chat/completions"]
    assert clean.answers[0].text.startswith("0.5 ")
    assert (summary.passed, summary.connections, summary.programs) == ((), (), ())


def test_hosts_that_answer_for_no_model_are_named_and_not_kept(tmp_path: Path) -> None:
    def agent(ctx: Any, text: str) -> str:
        requests.get(f"{other}/weather", timeout=60)
        return ask(url)

    with serving(provider) as url, serving(provider) as other:
        summary = record_scenario(one := of(agent, tmp_path))

    assert summary.passed == (other.removeprefix("http://"),)
    assert len(open_cassette(one.cassette_path).exchanges) == 1


def test_connections_and_programs_of_the_agents_own_are_named(tmp_path: Path) -> None:
    def agent(ctx: Any, text: str) -> str:
        socket.create_connection(("127.0.0.1", port)).close()
        subprocess.run([sys.executable, "-c", ""], check=True)
        return ask(url)

    with serving(provider) as url, serving(provider) as other:
        port = int(other.rpartition(":")[2])
        summary = record_scenario(of(agent, tmp_path))

    assert summary.connections == (f"127.0.0.1:{port}",)
    assert summary.programs == (Path(sys.executable).name,)


def test_a_run_that_was_not_seen_at_all_says_what_it_did_instead(tmp_path: Path) -> None:
    def agent(ctx: Any, text: str) -> str:
        subprocess.run([sys.executable, "-c", ""], check=True)
        return "done"

    with pytest.raises(RecordError, match=f"cannot see: {Path(sys.executable).name}"):
        record_scenario(of(agent, tmp_path))


def test_a_connection_past_the_libraries_to_a_models_host_is_refused_before_it_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached: list[Got] = []

    def resolved(host: str, port: int, *args: Any, **kwargs: Any) -> Any:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", server))]

    def agent(ctx: Any, text: str) -> str:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("api.openai.com", 443))
        return "done"

    def notes(got: Got, wire: Wire) -> None:
        reached.append(got)

    with serving(notes) as raw:
        server = int(raw.rpartition(":")[2])
        monkeypatch.setattr(socket, "getaddrinfo", resolved)
        with pytest.raises(RecordError, match=r"connections of its own to api\.openai\.com"):
            record_scenario(of(agent, tmp_path))

    assert reached == []


def test_a_stream_that_the_agent_leaves_is_no_failed_call(tmp_path: Path) -> None:
    def agent(ctx: Any, text: str) -> str:
        with client.chat.completions.create(**ASKED, stream=True) as stream:
            return next(chunk.choices[0].delta.content for chunk in stream if chunk.choices[0].delta.content)

    with serving(scripted) as url:
        client = openai.OpenAI(base_url=f"{url}/v1", api_key="sk-none", max_retries=0)
        record_scenario(one := of(agent, tmp_path))
    clean = Rehearsal(one).prepare()

    assert clean.answers[0].text == PARTS[0]
    assert clean.calls[0].reply.left
    assert [delivered.outcome for delivered in clean.deliveries.values()] == ["closed"]


def scripted(got: Got, wire: Wire) -> None:
    wire.stream(FRAMES["openai_chat"]())


@pytest.mark.parametrize("library", ["httpx2", "aiohttp"])
def test_a_call_that_the_agent_gives_up_on_is_closed_and_not_left_open(library: str) -> None:
    async def agent(ctx: Any, text: str) -> str:
        try:
            async with asyncio.timeout(20):
                return await ASKING[library]("http://127.0.0.1:1/v1/chat/completions")
        except TimeoutError:
            return "Sorry, this takes too long just now."

    one = scenario(agent, hosts=("127.0.0.1",))
    trace = trial(one, recorded(one, [json_reply({"a": 1}, at=60.0)]))

    assert trace.answers[0].text.startswith("Sorry")
    assert [delivered.outcome for delivered in trace.deliveries.values()] == ["closed"]


async def with_httpx2(url: str) -> str:
    async with httpx2.AsyncClient(timeout=600) as asking:
        return (await asking.post(url, json=ASKED)).text


async def with_aiohttp(url: str) -> str:
    async with aiohttp.ClientSession() as asking, asking.post(url, json=ASKED) as response:
        return await response.text()


ASKING = {"httpx2": with_httpx2, "aiohttp": with_aiohttp}


@pytest.mark.parametrize(("pure", "told"), [((), ["Refund"]), (("Refund",), [])], ids=["not seen", "pure"])
def test_structured_output_that_code_may_act_on_is_named_while_it_is_recorded(tmp_path, pure, told):
    called = {"id": "c1", "type": "function", "function": {"name": "Refund", "arguments": '{"amount": 5}'}}
    message = {"role": "assistant", "content": None, "tool_calls": [called]}
    body = {"id": "x", "choices": [{"index": 0, "finish_reason": "stop", "message": message}]}
    forced = {"type": "function", "function": {"name": "Refund"}}

    def agent(ctx, text):
        asked = {**ASKED, "tool_choice": forced}
        return httpx2.post("https://api.openai.com/v1/chat/completions", json=asked).text

    subject = of(agent, tmp_path, pure_tools=pure)
    subject.cassette_path.touch()
    summary = record_summary(subject, recorded(subject, [json_reply(body)]))
    lines = [line for line in blind_spots(summary) if line.startswith("structured output: Refund;")]

    assert list(summary.outputs) == told
    assert len(lines) == len(told)
