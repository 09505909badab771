"""`agent-chaos record` as people run it: one line for what went wrong, and an earlier recording left alone."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agent_chaos.cassette.storage.file import open_cassette
from agent_chaos.cli import run_command
from agent_chaos.patch.keys import key_variables
from agent_chaos.patch.recording import capture
from agent_chaos.scenario.imports import forget
from tests.patch.raw_server import Got, Wire, serving
from tests.patch.sdk_calls import provider
from tests.test_cli import ROOT, command

FILE = """
import anthropic
import openai
from google import genai

from agent_chaos import BaselineScenario

URL, GONE = {url!r}, {gone!r}


def ask(url=URL, key="x"):
    client = anthropic.Anthropic(base_url=url, api_key=key, max_retries=0)
    said = client.messages.create(model="m", max_tokens=9, messages=[{{"role": "user", "content": "hi"}}])
    return said.content[0].text


{agent}

scenario = BaselineScenario(name="desk", agent=agent, turns=["hi"], hosts=["127.0.0.1"])
"""
SOUND = "def agent(ctx, text): open('ran', 'a').write('.'); return ask()"
BROKEN = {
    "no Anthropic key": (
        "def agent(ctx, text): return ask(key=None)",
        "desk: there is no API key; set ANTHROPIC_API_KEY and record again; nothing was kept\n",
    ),
    "no OpenAI key": (
        "def agent(ctx, text): return str(openai.OpenAI())",
        "desk: there is no API key; set OPENAI_API_KEY and record again; nothing was kept\n",
    ),
    "no Gemini key": (
        "def agent(ctx, text): return str(genai.Client())",
        "desk: there is no API key; set GEMINI_API_KEY and record again; nothing was kept\n",
    ),
    "a key that the agent itself looks for": (
        "import os\ndef agent(ctx, text): return ask(key=os.environ['OPENAI_API_KEY'])",
        "desk: there is no API key; set OPENAI_API_KEY and record again; nothing was kept\n",
    ),
    "no key at module level": (
        "client = openai.OpenAI()\ndef agent(ctx, text): return text",
        "desk.py:17: does not import: OpenAIError: ",
    ),
    "a key that is refused": (
        "def agent(ctx, text): return ask(URL + '/refused')",
        "desk: no working API key (AuthenticationError: ",
    ),
    "an unreachable host": (
        "def agent(ctx, text): return ask(GONE)",
        "desk: the provider cannot be reached (APIConnectionError: Connection error.)",
    ),
    "no request at all": (
        "def agent(ctx, text): return 'I know it all.'",
        "desk: nothing was recorded: the agent made no request",
    ),
    "an agent that raises": (
        "def agent(ctx, text): raise KeyError(ask() + '\\n\\nno such order')",
        "desk: the agent failed while it was recorded (KeyError: ",
    ),
    "an agent that never ends": (
        "def agent(ctx, text):\n    while True: ask()",
        "desk: the agent made 7 requests and asked on; does its loop ever end?",
    ),
}
PAID_FOR = {"an agent that raises", "an agent that never ends"}
"""Where a provider answered before the early end: those answers stay in a journal, beside the earlier recording."""


def answers(got: Got, wire: Wire) -> None:
    if "refused" in got.path:
        wire.whole(b'{"type": "error", "error": {"type": "authentication_error"}}', status=401)
    elif "portal" in got.path:
        wire.whole(b"<html>Please log in</html>", content_type="text/html")
    else:
        provider(got, wire)


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Writes `desk.py` with an agent that has a provider, and a port where nobody listens."""
    monkeypatch.chdir(tmp_path)
    for name in key_variables():
        monkeypatch.delenv(name, raising=False)
    listener = socket.create_server(("127.0.0.1", 0))
    gone = f"http://127.0.0.1:{listener.getsockname()[1]}"
    listener.close()
    with serving(answers) as url:
        yield lambda agent: (tmp_path / "desk.py").write_text(FILE.format(url=url, gone=gone, agent=agent))


def take_journal(told: str, folder: Path) -> int:
    """Repairs the journal that the line names, takes both files away, and tells how many answers it held."""
    journal, made = folder / "cassettes" / "desk.msgpack.journal", folder / "made.msgpack"
    assert f"agent-chaos cassette repair {journal.relative_to(folder)}" in told
    assert run_command(["cassette", "repair", str(journal), "--output", str(made)]) == 0
    answers = len(open_cassette(made).exchanges)
    journal.unlink()
    made.unlink()
    return answers


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


@pytest.mark.parametrize(
    ("what", "mode"), [*((what, "all") for what in BROKEN), ("an agent that raises", "new_episodes")]
)
def test_what_cannot_be_recorded_is_told_in_one_line(what, mode, write, tmp_path, capsys, monkeypatch):
    agent, expected = BROKEN[what]
    monkeypatch.setattr(capture, "MAX_REQUESTS", 7)
    write(agent)
    (tmp_path / "cassettes").mkdir()
    shutil.copy(ROOT / "cassettes" / "refund.msgpack", tmp_path / "cassettes" / "desk.msgpack")
    before = files(tmp_path)
    code = run_command(["record", "desk.py", "--record-mode", mode])
    told = capsys.readouterr()

    assert (code, told.out) == (2, "")
    assert told.err.startswith(f"error: {expected}")
    assert told.err.count("\n") == 1
    assert what not in PAID_FOR or take_journal(told.err, tmp_path) >= 1
    assert files(tmp_path) == before


def test_a_key_that_is_set_is_not_told_to_be_set(write, capsys, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-none")
    write("def agent(ctx, text): raise ValueError('OPENAI_API_KEY is of another project')")

    assert run_command(["record", "desk.py"]) == 2
    assert capsys.readouterr().err.startswith(
        "error: desk: the agent failed while it was recorded (ValueError: "
    )


def test_an_agent_that_fails_leaves_only_the_journal_of_what_was_answered(write, tmp_path):
    agent, expected = BROKEN["an agent that raises"]
    write(agent)
    done = command("record", "desk.py", cwd=tmp_path)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"error: {expected}")
    assert done.stderr.count("\n") == 1
    assert take_journal(done.stderr, tmp_path) == 1
    assert list(files(tmp_path)) == ["desk.py"]


@pytest.mark.parametrize(("mode", "runs"), [("once", 1), ("new_episodes", 2), ("all", 2)])
def test_an_agent_runs_again_only_where_the_mode_says_so(mode, runs, write, tmp_path, capsys):
    write(SOUND)
    first = run_command(["record", "desk.py"])
    before = files(tmp_path)
    again = run_command(["record", "desk.py", "--record-mode", mode])
    after = files(tmp_path)

    assert (first, again) == (0, 0)
    assert len(open_cassette(tmp_path / "cassettes" / "desk.msgpack").exchanges) == 1
    assert (before["ran"], after["ran"]) == (b".", b"." * runs)
    assert (after == before) is (mode == "once")
    assert ("kept from an earlier recording" in capsys.readouterr().out) is (mode == "once")


@pytest.mark.parametrize(
    ("returned", "told"), [("ask()", False), ("str(ask())[:0]", True), ("None if ask() else 0", True)]
)
def test_an_agent_that_gives_nothing_to_read_is_told_what_that_blinds(
    returned, told, write, tmp_path, capsys
):
    write(f"def agent(ctx, text): return {returned}")

    assert run_command(["record", "desk.py"]) == 0
    assert ("answer: the agent returned nothing to read" in capsys.readouterr().out) is told


def test_refreshing_shows_what_is_said_otherwise_now(write, tmp_path, capsys):
    write(SOUND)
    run_command(["record", "desk.py"])
    same = run_command(["cassette", "refresh", "desk.py"])
    told_same = capsys.readouterr().out
    first = (tmp_path / "cassettes/desk.msgpack").read_bytes()
    forget()
    write(BROKEN["an agent that raises"][0])
    failed = run_command(["cassette", "refresh", "desk.py"])
    kept = (tmp_path / "cassettes/desk.msgpack").read_bytes()
    forget()
    write(SOUND)
    (tmp_path / "desk.py").write_text(
        (tmp_path / "desk.py").read_text().replace('"content": "hi"', '"content": "hello there"')
    )
    capsys.readouterr()
    changed = run_command(["cassette", "refresh", "desk.py"])
    told = capsys.readouterr().out.splitlines()

    assert (same, failed, changed) == (0, 2, 0)
    assert "cassettes/desk.msgpack: the same conversation" in told_same
    assert kept == first
    assert "-user: hi" in told
    assert "+user: hello there" in told
    assert told[-1].startswith("Next: agent-chaos replay")


SWALLOWED = """
def agent(ctx, text):
    try:
        return ask(URL + '/portal')
    except Exception:
        return 'Sorry.'
"""


def test_a_reply_without_a_word_whose_error_the_agent_swallows_is_told(write, tmp_path, capsys):
    write(SWALLOWED)
    said = "reply: call 0 was answered with 200 and text/html, in which there is no word of a model"

    assert run_command(["record", "desk.py"]) == 0
    assert said in "".join(capsys.readouterr())
    assert run_command(["fuzz", "desk.py", "--max-examples", "5"]) == 0
    assert "in which there is no word" in " ".join(capsys.readouterr().out.split())


def test_a_good_reply_is_not_told_of(write, capsys):
    write(SOUND)
    run_command(["record", "desk.py"])

    assert "no word" not in "".join(capsys.readouterr())
