"""Plain scripts as they are: recorded and broken from the command line, without a scenario."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

from agent_chaos.cli import run_command
from agent_chaos.scenario.loader import load
from agent_chaos.scenario.targets import command_target
from tests.forked import command
from tests.patch.raw_server import serving
from tests.patch.sdk_calls import TEXT, provider
from tests.trials import claude_message

SCRIPT = """
import sys
from anthropic import Anthropic
from beside import MODEL

message = Anthropic(max_retries=0).messages.create(
    model=MODEL, max_tokens=9, messages=[{"role": "user", "content": sys.argv[1]}]
)
print(message.content[0].text)
"""
IN_C = """
import json, os, sys, urllib.request
body = {"model": "claude-sonnet-5", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}
url = os.environ["ANTHROPIC_BASE_URL"] + "/v1/messages"
with urllib.request.urlopen(urllib.request.Request(url, json.dumps(body).encode(), {"anthropic-version": "2023-06-01"})) as reply:
    sys.stdout.buffer.write(json.load(reply)["content"][0]["text"].encode())
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    (tmp_path / "beside.py").write_text("MODEL = 'claude-sonnet-5'\n")
    (tmp_path / "agent.py").write_text(SCRIPT)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-test-0123456789abcdef")
    yield tmp_path
    sys.modules.pop("beside", None)


def test_a_script_is_recorded_replayed_and_broken_without_a_line_written(project, monkeypatch, capsys):
    program = ["--", "python", "agent.py", "How are you?"]
    with serving(provider) as url:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", url)
        recorded = run_command(["record", *program])
    assert (recorded, (project / "cassettes" / "agent.msgpack").is_file()) == (0, True), capsys.readouterr()
    assert run_command(["replay", *program]) == 0
    assert TEXT not in capsys.readouterr().err
    code = run_command(["fuzz", "--max-examples", "3", "--only-faults", "empty_body", *program])
    said = capsys.readouterr().out

    assert code == 1
    assert (
        "-- python agent.py 'How are you?'" in (next((project / ".agent_chaos").glob("F-*.json"))).read_text()
    )
    assert "agent" in said
    failure = next((project / ".agent_chaos").glob("F-*.json")).stem
    assert run_command(["replay", failure]) == 1


SHOP = """
import sqlite3, subprocess
from pathlib import Path
from anthropic import Anthropic

orders = sqlite3.connect("orders.db")
orders.execute("CREATE TABLE IF NOT EXISTS orders (item)")


def order(item):
    DOES
    orders.execute("INSERT INTO orders VALUES (?)", (item,))
    orders.commit()
    Path("book.txt").open("a").write(item)
    return "ordered"


client, messages = Anthropic(max_retries=0), [{"role": "user", "content": "Order a lamp."}]
while (reply := client.messages.create(model="m", max_tokens=9, messages=messages)).stop_reason == "tool_use":
    use = reply.content[0]
    messages.append({"role": "assistant", "content": [use.model_dump()]})
    result = {"type": "tool_result", "tool_use_id": use.id, "content": order(**use.input)}
    messages.append({"role": "user", "content": [result]})
print(reply.content[0].text)
"""


def shopkeeper(got, wire):
    asked = {"type": "tool_use", "id": "toolu_1", "name": "order", "input": {"item": "lamp"}}
    said = {"type": "text", "text": "Ordered."}
    done = b"tool_result" in got.body
    content, stop = ([said], "end_turn") if done else ([asked], "tool_use")
    wire.whole(json.dumps(claude_message(content, stop)).encode())


@pytest.fixture(scope="module")
def namespaces():
    """Where the system gives no network namespace, a tool that nothing wraps is refused, and has no copies to run on."""
    tried = "from agent_chaos.patch.network_namespace import isolate; raise SystemExit(not isolate())"
    if subprocess.run([sys.executable, "-c", tried], check=False).returncode:
        pytest.skip("this system lets no process have a network namespace of its own")


@pytest.fixture
def shop(namespaces, project, monkeypatch):
    """A recorded script with a tool that nothing wraps, and how many orders there are for real."""
    (project / "shop.py").write_text(SHOP.replace("DOES", ""))
    with serving(shopkeeper) as url:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", url)
        assert command(project, "record", "--", "python", "shop.py").returncode == 0
    return project


def test_a_tool_that_nothing_wraps_runs_on_copies_of_its_files(shop):
    fuzzed = command(
        shop, "fuzz", "--max-examples", "5", "--only-faults", "empty_body", "--", "python", "shop.py"
    )

    assert "tools run for real: none" in fuzzed.stdout, fuzzed
    assert "tools: order, which nothing wraps, runs in every example" in " ".join(fuzzed.stdout.split())
    assert (shop / "book.txt").read_text() == "lamp"
    with closing(sqlite3.connect(shop / "orders.db")) as database:
        assert database.execute("SELECT count(*) FROM orders").fetchone() == (1,)


def test_a_tool_that_nothing_wraps_and_that_starts_a_program_is_refused_before_it_does(shop):
    (shop / "shop.py").write_text(SHOP.replace("DOES", 'subprocess.run(["touch", "started"])'))
    fuzzed = command(shop, "fuzz", "--", "python", "shop.py")

    assert fuzzed.returncode == 2
    assert "the agent started touch started, after the model had called order" in fuzzed.stderr
    assert not (shop / "started").exists()


def test_a_program_that_is_not_python_runs_in_a_process_of_its_own(project, monkeypatch, capsys):
    (project / "agent").write_text(f"#!{sys.executable}\n{IN_C}")
    (project / "agent").chmod(0o755)
    with serving(provider) as url:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", url)
        assert run_command(["record", "--", "./agent"]) == 0, capsys.readouterr()

    assert run_command(["replay", "--", "./agent"]) == 0


@pytest.mark.parametrize(
    ("command", "name"),
    [
        (["python", "agent.py", "x"], "agent"),
        (["python", "-m", "json.tool"], "json"),
        (["python3.11", "agent.py"], "agent"),
        (["node", "src/agent.mjs", "--fast"], "agent"),
        (["./run-agent"], "run-agent"),
        (["npx", "tsx", "desk.ts", "rules.json"], "desk"),
        (["node", "--import", "tsx", "desk.ts"], "desk"),
        (["npx", "desk"], "desk"),
        (["python", "agent.py", "desk.ts"], "agent"),
    ],
)
def test_the_recording_is_named_after_the_script(project, command, name):
    for file in ("desk.ts", "rules.json"):
        (project / file).touch()
    (loaded,) = load([command_target(command)])

    assert loaded.scenario.name == name
    assert load([loaded.ref])[0].scenario.turns == loaded.scenario.turns


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(["--"], "nothing stands after"), (["--", "python", "absent.py"], "absent.py is no file")],
)
def test_a_command_line_that_names_nothing_to_run_is_one_line(project, capsys, arguments, said):
    assert run_command(["fuzz", *arguments]) == 2
    assert said in capsys.readouterr().err
