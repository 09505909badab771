"""Tools behind a real MCP server: recorded over its pipes, and replayed, struck and searched when it is gone."""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from types import ModuleType

import anthropic
import pytest

from agent_chaos.faults.plan import Plan, fault_of
from agent_chaos.patch.frameworks import mcp_servers
from agent_chaos.patch.frameworks.mcp import _Call
from agent_chaos.record.recording import record_scenario
from agent_chaos.runtime.active import bound, unbind
from agent_chaos.runtime.clock import VirtualClock
from agent_chaos.runtime.session import Session
from agent_chaos.runtime.tape import Tape
from agent_chaos.scenario.model import BaselineScenario
from agent_chaos.trial.rehearsal import Rehearsal
from tests.standin.said import Called, Said
from tests.standin.server import standin

mcp = pytest.importorskip("mcp")
exceptions = pytest.importorskip("mcp.shared.exceptions")

SERVER = '''
import sys
from pathlib import Path
try:
    from mcp.server import MCPServer
except ImportError:
    from mcp.server.fastmcp import FastMCP as MCPServer

server = MCPServer("shop")

@server.tool()
def refund(order: str, amount: int) -> str:
    """Pays money back."""
    ledger = Path(sys.argv[1])
    ledger.write_text(ledger.read_text() + f"{order} {amount}\\n")
    return f"refunded {amount} on {order}"

@server.tool()
def look_up(order: str) -> dict:
    """Looks an order up."""
    if order != "A-17":
        raise ValueError(f"no order {order}")
    return {"order": order, "total": 1500}

server.run()
'''
ORDER = {"order": "A-17", "amount": 1500}


class Shop:
    """A server of tools on disk, and an agent that calls them for Claude."""

    def __init__(self, folder: Path) -> None:
        self.program, self.ledger = folder / "shop.py", folder / "ledger"
        self.program.write_text(SERVER)
        self.ledger.write_text("")
        self.told: list[tuple[bool, str]] = []
        self.url = ""

    async def agent(self, ctx, text):
        client = anthropic.AsyncAnthropic(api_key="sk-ant-test", base_url=self.url)
        program = mcp.StdioServerParameters(
            command=sys.executable, args=[str(self.program), str(self.ledger)]
        )
        async with (
            mcp.stdio_client(program) as streams,
            mcp.ClientSession(streams[0], streams[1]) as session,
        ):
            await session.initialize()
            listed = [tool.model_dump(by_alias=True) for tool in (await session.list_tools()).tools]
            tools = [{"name": one["name"], "input_schema": one["inputSchema"]} for one in listed]
            messages = [{"role": "user", "content": text}]
            while True:
                reply = await client.messages.create(
                    model="claude-sonnet-5", max_tokens=99, messages=messages, tools=tools
                )
                uses = [block for block in reply.content if block.type == "tool_use"]
                if not uses:
                    return reply.content[0].text
                messages.append({"role": "assistant", "content": [use.model_dump() for use in uses]})
                messages.append({"role": "user", "content": [await self.ran(session, use) for use in uses]})

    async def ran(self, session, use):
        done = (await session.call_tool(use.name, use.input)).model_dump(by_alias=True)
        said = "".join(part["text"] for part in done["content"])
        self.told.append((done["isError"], said))
        return {"type": "tool_result", "tool_use_id": use.id, "content": said, "is_error": done["isError"]}


def script(order):
    turns = [
        Said("", (Called.of("look_up", {"order": order}),)),
        Said("", (Called.of("refund", ORDER),)),
        Said("Your refund is on its way."),
    ]
    return lambda asked: turns[asked.turns]


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """Recorded once, since a server of tools takes seconds to start; no test here writes to the recording."""
    shop = Shop(tmp_path_factory.mktemp("shop"))
    recorded(shop)
    return shop


@pytest.fixture
def shop(kept):
    kept.told.clear()
    return kept


def subject_of(shop):
    return BaselineScenario(
        name="shop",
        agent=shop.agent,
        turns=("A-17 came back.",),
        hosts=("127.0.0.1",),
        cassette=shop.program.with_name("shop.msgpack"),
    )


def recorded(shop, order="A-17"):
    """A recording of the shop, whose server and provider are gone."""
    subject = subject_of(shop)
    with standin(script(order)) as server:
        shop.url = server.url
        record_scenario(subject)
    shop.program.unlink()
    return Rehearsal(subject)


def test_a_replay_needs_no_server_and_repeats_nothing(shop):
    rehearsal = Rehearsal(subject_of(shop))
    trace = rehearsal.prepare()

    assert [answer.text for answer in trace.answers] == ["Your refund is on its way."]
    assert [(run.name, run.arguments, run.effect) for run in trace.tools] == [
        ("look_up", {"order": "A-17"}, "recorded"),
        ("refund", ORDER, "recorded"),
    ]
    assert trace.left_at is None
    assert shop.ledger.read_text() == "A-17 1500\n"


def test_what_a_tool_said_is_kept_as_what_it_says(shop):
    kept = {
        record.name: record.end.result
        for record in Rehearsal(subject_of(shop)).cassette.tools
        if record.is_call
    }

    assert json.loads(kept["look_up"]) == {"order": "A-17", "total": 1500}
    assert kept["refund"] in ({"result": "refunded 1500 on A-17"}, "refunded 1500 on A-17")


def test_the_client_is_told_the_same_as_by_the_server(shop):
    rehearsal = Rehearsal(subject_of(shop))
    rehearsal.prepare()

    assert shop.told[-1] == (False, "refunded 1500 on A-17")
    assert json.loads(shop.told[0][1]) == {"order": "A-17", "total": 1500}


def test_a_tool_that_failed_fails_again(tmp_path):
    shop = Shop(tmp_path)
    failing = recorded(shop, order="B-2")
    shop.told.clear()
    trace = failing.prepare()

    assert shop.told[0][0] is True
    assert "Error executing tool look_up" in shop.told[0][1]
    assert trace.left_at is None


FAULTS = {
    "tool_raise": ({"kind": "tool_raise", "error_type": "RuntimeError"}, (True, "Error executing tool")),
    "tool_error": ({"kind": "tool_error"}, (False, "error")),
    "tool_empty": ({"kind": "tool_empty"}, (False, "")),
}


@pytest.mark.parametrize(("fault", "told"), FAULTS.values(), ids=FAULTS.keys())
def test_a_fault_is_told_as_a_server_would(shop, fault, told):
    rehearsal = Rehearsal(subject_of(shop))
    first = rehearsal.prepare().tools[0].site
    shop.told.clear()
    trace = rehearsal.trial(Plan.of([(str(first), fault_of(fault))])).trace

    assert [one.kind for one in trace.tools[0].fired] == [fault["kind"]]
    assert shop.told[0][0] is told[0]
    assert told[1] in shop.told[0][1]


LOST = {
    "tool_timeout": ({"kind": "tool_acknowledgement_lost", "seconds": 20}, "timed out"),
    "tool_raise": ({"kind": "tool_raise", "error_type": "ConnectionError"}, "Connection closed"),
}


@pytest.mark.parametrize(("fault", "said"), LOST.values(), ids=LOST.keys())
def test_a_server_that_is_lost_is_an_error_of_the_protocol(shop, fault, said):
    rehearsal = Rehearsal(subject_of(shop))
    first = rehearsal.prepare().tools[0].site
    trace = rehearsal.trial(Plan.of([(str(first), fault_of(fault))])).trace

    assert trace.raised[0].type.lower().endswith("mcperror")
    assert said in trace.raised[0].message


@pytest.mark.skipif(not hasattr(exceptions, "MCPError"), reason="version 1 of the SDK is installed")
def test_a_timeout_is_the_one_that_version_2_of_the_sdk_raises():
    with pytest.raises(exceptions.MCPError) as raised:
        _Call(mcp.types, "look_up", None)._failed(TimeoutError("read timed out"))

    assert raised.value.error.code == -32001
    assert raised.value.error.message == "Request 'tools/call' timed out"


def test_a_timeout_is_the_one_that_version_1_of_the_sdk_raised(monkeypatch):
    class McpError(Exception):
        pass

    monkeypatch.delattr(exceptions, "MCPError", raising=False)
    monkeypatch.setattr(exceptions, "McpError", McpError, raising=False)

    with pytest.raises(McpError) as raised:
        _Call(mcp.types, "look_up", None)._failed(TimeoutError("read timed out"))

    (error,) = raised.value.args
    assert error.code == 408
    assert error.message.startswith("Timed out while waiting for response to ClientRequest")


def test_two_runs_are_the_same_to_the_microsecond(shop):
    rehearsal = Rehearsal(subject_of(shop))

    assert rehearsal.prepare().entries == rehearsal.trial(Plan()).trace.entries


NEWER, OLDER = "streamable_http_client", "streamablehttp_client"


@pytest.mark.parametrize(
    ("library", "name", "values"),
    [((NEWER,), NEWER, 2), ((NEWER, OLDER), NEWER, 3), ((OLDER,), OLDER, 3)],
    ids=["version 2", "version 1, newer name", "version 1, older name"],
)
def test_a_replayed_client_by_http_yields_as_many_values_as_its_library(library, name, values):
    module = ModuleType("streamable_http")
    for one in library:
        setattr(module, one, asynccontextmanager(lambda url: None))
    mcp_servers._between(module, name)
    session = Session(clock=VirtualClock(0.0), tape=Tape(), jitter=Random(0), chance=Random(0))
    session.server_descriptions = (("tools/list", {}, {}),)

    async def connected():
        async with vars(module)[name]("https://shop.example/mcp") as streams:
            return len(streams)

    token = bound(session)
    try:
        assert asyncio.run(connected()) == values
    finally:
        unbind(token)
