"""A newcomer's way in an empty project, command by command: init, record, fuzz, export, a fix, green, and the same in CI."""

from __future__ import annotations

import importlib.util
import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from agent_chaos.patch.keys import key_variables
from tests.forked import command
from tests.standin.said import Asked, Called, Said
from tests.standin.server import StandIn

LIMIT = ("--only-faults", "max_tokens_in_text,rate_limit", "--max-examples", "6")
FIXES = {
    "anthropic": (
        "        calls = [block",
        '        if reply.stop_reason not in ("end_turn", "tool_use"):\n'
        '            raise RuntimeError(f"incomplete reply: {reply.stop_reason}")\n        calls = [block',
    ),
    "langgraph": (
        '    return state["messages"][-1].text',
        '    if state["messages"][-1].response_metadata["stop_reason"] != "end_turn":\n'
        '        raise RuntimeError("incomplete reply")\n    return state["messages"][-1].text',
    ),
    "openai": (
        "        message = reply.choices[0].message",
        '        if reply.choices[0].finish_reason not in ("stop", "tool_calls"):\n'
        '            raise RuntimeError("incomplete reply")\n        message = reply.choices[0].message',
    ),
    "pydantic_ai": (
        "    return desk.run_sync(turn_input).output",
        "    result = desk.run_sync(turn_input)\n"
        '    if result.response.finish_reason != "stop":\n'
        '        raise RuntimeError("incomplete reply")\n    return result.output',
    ),
}
"""What the report advises, in the starter's own code, for each kind of project."""
MODULES = {"pydantic_ai": "pydantic-ai-slim[openai]"}
"""What requirements.txt says where that is not the module's name."""
KEYS = {"anthropic": "ANTHROPIC", "langgraph": "ANTHROPIC", "openai": "OPENAI", "pydantic_ai": "OPENAI"}


def weather(asked: Asked) -> Said:
    if asked.turns == 0:
        return Said("I look it up.", (Called.of("get_weather", {"city": "Oslo"}),))
    return Said("It rains in Oslo today, all day long.")


@pytest.fixture
def stand_in():
    server = StandIn(weather)
    yield server
    server.close()


@pytest.mark.parametrize(
    "kind",
    [
        "anthropic",
        "langgraph",
        pytest.param("openai", marks=pytest.mark.thorough),
        pytest.param("pydantic_ai", marks=pytest.mark.thorough),
    ],
)
def test_from_nothing_to_a_green_build(kind, tmp_path, stand_in):
    if importlib.util.find_spec(kind) is None:
        pytest.skip(f"{kind} is not installed")
    environment = {name: value for name, value in os.environ.items() if name not in key_variables()}

    def does(*words: str, code: int = 0, module: str = "agent_chaos", **more: str) -> str:
        done = command(tmp_path, *words, module=module, environment={**environment, **more})
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout

    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    (tmp_path / "requirements.txt").write_text(f"{MODULES.get(kind, kind)}\n")
    told = does("init", "--yes")
    assert f"a first scenario ({kind})" in told
    base = stand_in.url if KEYS[kind] == "ANTHROPIC" else f"{stand_in.url}/v1"
    keys = {f"{KEYS[kind]}_API_KEY": "sk-no", f"{KEYS[kind]}_BASE_URL": base}
    recorded = does("record", "scenarios/first.py", **keys)
    assert "2 calls" in recorded
    report = does("fuzz", "scenarios/first.py", *LIMIT, code=1)
    (first, *_) = re.findall(r"agent-chaos export (F-\w+)", report)
    assert "Replies that are cut short or empty are used as if they were whole" in report
    does("export", first, "-o", "tests/test_chaos.py")

    agent = tmp_path / "scenarios" / "first.py"
    before, after = FIXES[kind]
    agent.write_text(agent.read_text().replace(before, after))
    assert "1 passed" in does("-q", "tests/test_chaos.py", module="pytest")
    kept = subprocess.run(
        ["git", "status", "--porcelain", "-uall"], cwd=tmp_path, check=True, capture_output=True, text=True
    )
    assert ".agent_chaos_runs" not in kept.stdout
    assert f".agent_chaos/{first}.json" in kept.stdout
    if kind == "anthropic":
        for step in workflow_steps(tmp_path):
            does(*step, *(LIMIT if step[0] == "fuzz" else ()))


NODE_AGENT = """
const base = process.env.ANTHROPIC_BASE_URL ?? "https://api.anthropic.com";
const tools = [{ name: "get_weather", description: "The weather.", input_schema: { type: "object", properties: {} } }];
const messages = [{ role: "user", content: process.argv.at(-1) }];
for (;;) {
  const reply = await fetch(`${base}/v1/messages`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-api-key": process.env.ANTHROPIC_API_KEY ?? "" },
    body: JSON.stringify({ model: "claude-sonnet-5", max_tokens: 500, tools, messages }),
  });
  if (!reply.ok) throw new Error(`the provider answered ${reply.status}`);
  const said = await reply.json();
  const calls = said.content.filter((block) => block.type === "tool_use");
  if (calls.length === 0) {
    console.log(said.content.map((block) => block.text ?? "").join(""));
    break;
  }
  const results = calls.map((call) => ({ type: "tool_result", tool_use_id: call.id, content: "rain" }));
  messages.push({ role: "assistant", content: said.content }, { role: "user", content: results });
}
"""
NODE_FIX = (
    "  const calls = ",
    '  if (!["end_turn", "tool_use"].includes(said.stop_reason)) throw new Error("incomplete reply");\n'
    "  const calls = ",
)


@pytest.mark.thorough
@pytest.mark.skipif(shutil.which("node") is None, reason="Node is not installed")
def test_from_nothing_to_a_green_build_with_an_agent_in_node(tmp_path, stand_in):
    environment = {name: value for name, value in os.environ.items() if name not in key_variables()}

    def does(*words: str, code: int = 0, module: str = "agent_chaos", **more: str) -> str:
        done = command(tmp_path, *words, module=module, environment={**environment, **more})
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout

    agent = tmp_path / "agent.mjs"
    agent.write_text(NODE_AGENT)
    (tmp_path / "package.json").write_text('{"main": "agent.mjs", "type": "module"}')
    assert "a first scenario (node)" in does("init", "--yes")
    keys = {"ANTHROPIC_API_KEY": "sk-no", "ANTHROPIC_BASE_URL": stand_in.url}
    assert "2 calls" in does("record", "scenarios/first.py", **keys)
    report = does("fuzz", "scenarios/first.py", *LIMIT, code=1)
    (first, *_) = re.findall(r"agent-chaos export (F-\w+)", report)
    does("export", first, "-o", "tests/test_chaos.py")
    agent.write_text(NODE_AGENT.replace(*NODE_FIX))

    assert "1 passed" in does("-q", "tests/test_chaos.py", module="pytest")
    assert "FIXED" in does("replay", first)


PYTEST_AGENT = """
import anthropic

def ask(question):
    reply = anthropic.Anthropic(max_retries={retries}).messages.create(
        model="claude-sonnet-5", max_tokens=500, messages=[{{"role": "user", "content": question}}]
    )
    return "".join(block.text for block in reply.content if block.type == "text")
"""
PYTEST_TESTS = """
import pytest
from agent import ask
from agent_chaos.chaos import llm_rate_limit

def test_says_something(cassette):
    assert "look" in ask("What is the weather in Oslo?")

@pytest.mark.chaos(faults=[llm_rate_limit().attempts(1)])
def test_asks_again_when_limited(cassette):
    assert "look" in ask("What is the weather in Oslo?")
"""


def test_a_project_of_tests_alone_records_and_breaks_its_own_traffic(tmp_path, stand_in):
    environment = {name: value for name, value in os.environ.items() if name not in key_variables()}

    def tests(*words: str, **more: str) -> tuple[int, str]:
        done = command(tmp_path, "-q", *words, module="pytest", environment={**environment, **more})
        return done.returncode, done.stdout + done.stderr

    (tmp_path / "pytest.ini").write_text("[pytest]\npythonpath = .\naddopts = -p no:cacheprovider\n")
    (tmp_path / "agent.py").write_text(PYTEST_AGENT.format(retries=0))
    (tmp_path / "test_agent.py").write_text(PYTEST_TESTS)
    unrecorded = tests()
    recorded = tests("--chaos-record=once", ANTHROPIC_API_KEY="sk-no", ANTHROPIC_BASE_URL=stand_in.url)
    asked = len(stand_in.requests)
    broken = tests()
    (tmp_path / "agent.py").write_text(PYTEST_AGENT.format(retries=2))
    mended = tests()

    assert (unrecorded[0], "record it: pytest --chaos-record=once" in unrecorded[1]) == (1, True)
    assert (broken[0], "RateLimitError" in broken[1], "1 failed, 1 passed" in broken[1]) == (1, True, True)
    assert (mended[0], "2 passed" in mended[1]) == (0, True)
    assert asked == len(stand_in.requests) == 2
    assert (recorded[0], "2 passed" in recorded[1]) == (0, True)


def workflow_steps(folder: Path) -> list[list[str]]:
    """The commands of agent-chaos that CI runs, without comments."""
    written = (folder / ".github/workflows/agent-chaos.yml").read_text()
    return [shlex.split(one, comments=True) for one in re.findall(r"run: agent-chaos (.*)", written)]
