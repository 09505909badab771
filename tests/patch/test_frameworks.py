"""Tools of agent frameworks, undecorated: recorded, answered from the recording, and struck by faults."""

from __future__ import annotations

import asyncio
import json
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import pytest

import agent_chaos
from agent_chaos.faults.plan import Plan, fault_of
from agent_chaos.patch import frameworks, imports
from agent_chaos.patch.install import release
from agent_chaos.runtime.seams import Environment
from tests.trials import recorded, scenario, trial

RAN: list[int] = []


def double(number: int) -> dict:
    """Doubles a number."""
    RAN.append(number)
    return {"twice": number * 2}


async def double_async(number: int) -> dict:
    """Doubles a number."""
    RAN.append(number)
    return {"twice": number * 2}


def langchain(function, style):
    from langchain_core.tools import tool

    made = tool("double")(function)
    if style == "sync":
        return lambda: made.invoke({"number": 21})
    return lambda: asyncio.run(made.ainvoke({"number": 21}))


def langchain_class(function, style):
    from langchain_core.tools import BaseTool

    class Double(BaseTool):
        name: str = "double"
        description: str = "Doubles a number."

        def _run(self, number: int) -> dict:
            return double(number)

        async def _arun(self, number: int) -> dict:
            return await double_async(number)

    made = Double()
    if style == "sync":
        return lambda: made.invoke({"number": 21})
    return lambda: asyncio.run(made.ainvoke({"number": 21}))


def pydantic_ai(function, style):
    from pydantic_ai import Agent, RunContext
    from pydantic_ai.models.test import TestModel
    from pydantic_ai.usage import RunUsage

    agent = Agent(TestModel(), tools=[])
    agent.tool_plain(name="double")(function)
    toolset = agent.toolsets[0]

    async def call():
        context = RunContext(deps=None, model=TestModel(), usage=RunUsage(), tool_name="double")
        tools = await toolset.get_tools(context)
        return await toolset.call_tool("double", {"number": 21}, context, tools["double"])

    return lambda: asyncio.run(call())


def openai_agents(function, style):
    from agents import function_tool
    from agents.tool_context import ToolContext

    made = function_tool(function, name_override="double", failure_error_function=None)

    async def call():
        context = ToolContext(
            context=None, tool_name="double", tool_call_id="call_1", tool_arguments='{"number": 21}'
        )
        return await made.on_invoke_tool(context, '{"number": 21}')

    return lambda: asyncio.run(call())


def smolagents(function, style):
    from smolagents import Tool

    class Double(Tool):
        name = "double"
        description = "Doubles a number."
        inputs = {"number": {"type": "integer", "description": "The number."}}  # noqa: RUF012
        output_type = "object"
        forward = staticmethod(function)

    made = Double()
    return lambda: made(number=21, sanitize_inputs_outputs=True)


def strands(function, style):
    from strands import tool

    made = tool(name="double")(function)

    async def call():
        use = {"toolUseId": "t1", "name": "double", "input": {"number": 21}}
        result = [event async for event in made.stream(use, {})][-1].tool_result
        text = result["content"][0]["text"]
        if result["status"] == "error":
            raise ConnectionError(text.partition(" - ")[2])
        return json.loads(text)

    return lambda: asyncio.run(call())


def google_adk(function, style):
    from google.adk.tools import FunctionTool

    made = FunctionTool(function)
    made.name = "double"
    context = SimpleNamespace(tool_confirmation=None, function_call_id="c1")
    return lambda: asyncio.run(made.run_async(args={"number": 21}, tool_context=context))


def installed(package):
    try:
        return find_spec(package) is not None
    except ModuleNotFoundError:
        return False


MADE = {
    "langchain": ("langchain_core", langchain),
    "langchain-class": ("langchain_core", langchain_class),
    "pydantic-ai": ("pydantic_ai", pydantic_ai),
    "openai-agents": ("agents", openai_agents),
    "smolagents": ("smolagents", smolagents),
    "strands": ("strands", strands),
    "google-adk": ("google.adk", google_adk),
}
EVERY = pytest.mark.parametrize(
    ("make", "style"),
    [
        pytest.param(
            make,
            style,
            id=f"{name}-{style}",
            marks=pytest.mark.skipif(not installed(package), reason=f"{name} is not installed"),
        )
        for name, (package, make) in MADE.items()
        for style in ("sync", "async")
        if (name, style) != ("smolagents", "async")  # its tools are functions
    ],
)


def agent_of(make, style, decorate=lambda function: function):
    call = make(decorate(double if style == "sync" else double_async), style)

    def agent(ctx, text):
        try:
            return str(call())
        except ConnectionError as error:
            return f"failed: {error}"

    return agent


@EVERY
def test_a_tool_is_recorded_with_what_the_model_asked_for(make, style):
    cassette = recorded(scenario(agent_of(make, style)), [])

    assert [(one.name, one.arguments, one.end.result) for one in cassette.tools] == [
        ("double", {"number": 21}, {"twice": 42})
    ]


@EVERY
def test_in_replay_it_is_answered_and_does_not_run(make, style):
    one = scenario(agent_of(make, style))
    cassette = recorded(one, [])
    RAN.clear()
    trace = trial(one, cassette)

    assert trace.answers[0].text == "{'twice': 42}"
    assert [run.effect for run in trace.tools] == ["recorded"]
    assert RAN == []


@EVERY
def test_its_faults_reach_the_framework(make, style):
    one = scenario(agent_of(make, style))
    cassette = recorded(one, [])
    raises = fault_of({"kind": "tool_raise", "error_type": "ConnectionError"})
    trace = trial(one, cassette, Plan.of({"tool 0": raises}.items()))

    assert trace.answers[0].text == "failed: connection reset by peer"


@pytest.mark.parametrize("name", MADE)
def test_a_tool_that_was_made_before_anything_was_patched_is_answered_too(name):
    package, make = MADE[name]
    if not installed(package):
        pytest.skip(f"{name} is not installed")
    release()
    one = scenario(agent_of(make, "sync"))
    trace = trial(one, recorded(one, []))

    assert [run.effect for run in trace.tools] == ["recorded"]


@EVERY
def test_a_tool_that_is_decorated_too_counts_once(make, style):
    if make is langchain_class:
        pytest.skip("a class has no function to decorate")
    decorate = agent_chaos.tool(name="double", pure=True)
    one = scenario(agent_of(make, style, decorate))
    cassette = recorded(one, [])
    RAN.clear()
    trace = trial(one, cassette)

    assert [(run.name, run.effect) for run in trace.tools] == [("double", "pure")]
    assert RAN == [21]


@EVERY
def test_outside_of_a_run_it_is_the_framework_s_own(make, style):
    assert agent_of(make, style)(SimpleNamespace(), "")[:15] == "{'twice': 42}"[:15]


def test_a_package_can_bring_its_own_framework(tmp_path, monkeypatch):
    (tmp_path / "brought.py").write_text("MODULE = 'colorsys'\npatched = []\npatch = patched.append\n")
    info = tmp_path / "brought-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: brought\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[agent_chaos.tools]\nbrought = brought\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    import colorsys

    with Environment(imports.SEAM, frameworks.SEAM):
        import brought

    assert brought.patched == [colorsys]


ROOT = Path(__file__).resolve().parents[2]
ELSEWHERE = {
    "anthropic_runner": "compat/agents/anthropic_desk.py",
    "langchain": "compat/agents/langgraph_desk.py",
    "mcp": "tests/patch/test_mcp.py",
    "mcp_servers": "tests/patch/test_mcp.py",
}
"""Where the tools of a framework are met, if not in the measured agent that has the name of its file."""


def test_the_tools_of_every_framework_are_met_by_a_measured_agent_or_by_tests_of_their_own():
    folder = Path(frameworks.__file__).parent
    members = [path for path in folder.glob("*.py") if "\nMODULE = " in path.read_text(encoding="utf-8")]
    met = {path.stem: ELSEWHERE.get(path.stem, f"compat/agents/{path.stem}_desk.py") for path in members}

    assert met
    assert [stem for stem, where in met.items() if not (ROOT / where).is_file()] == []
