"""Secrets in every place an agent can have them are in no file that `record` and `fuzz` leave behind."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agent_chaos.cassette.storage.file import read_frame
from agent_chaos.cassette.storage.frames import PREAMBLE_BYTES, BrokenRecord, unpacked
from agent_chaos.cli import run_command
from tests.patch.raw_server import Got, Script, Wire, serving
from tests.patch.sdk_calls import provider
from tests.standin import chat_wire
from tests.standin.said import Asked, Called, Said

SECRETS = {
    "OPENAI_API_KEY": "desk-unshaped-key-7hq2-9931",
    "CRM_TOKEN": "crm/bearer+5fd1c0a9e8==",
    "PLANTED_COOKIE": "session-cookie-88aa77bb66",
    "PLANTED_ORGANISATION": "acme-industries-4471",
    "PLANTED_QUERY": "query-key-112233445566",
    "PLANTED_SHAPE": "ghp_" + "a1B2" * 9,
}
"""In the environment as the agent has them; only the first two are named as secrets."""
SET_COOKIE = "cf-bm-0123456789abcdef"

AGENT = """
import json
import os
import shutil

import openai

import agent_chaos
from agent_chaos import BaselineScenario

KEY, TOKEN, COOKIE, ORGANISATION, QUERY, SHAPE = (os.environ[name] for name in {names!r})
EVERYTHING = f"{{KEY}} {{TOKEN}} {{COOKIE}} {{ORGANISATION}} {{QUERY}} {{SHAPE}}"
TOOLS = [{{"type": "function", "function": {{"name": "look_up", "parameters": {{"type": "object"}}}}}}]


@agent_chaos.tool
def look_up(**query):
    shutil.copytree("cassettes", "while_recording")
    return {{"asked with": f"Bearer {{TOKEN}}", "config": EVERYTHING, EVERYTHING: query}}


def ask(messages):
    client = openai.OpenAI(
        base_url={url!r},
        organization=ORGANISATION,
        default_headers={{"Cookie": f"session={{COOKIE}}", "X-CRM": f"Bearer {{TOKEN}}"}},
        default_query={{"api-key": QUERY}},
        max_retries=0,
    )
    with client.chat.completions.stream(model="gpt-5-mini", messages=messages, tools=TOOLS) as stream:
        return stream.get_final_completion().choices[0].message


def agent(ctx, text):
    messages = [{{"role": "user", "content": f"{{text}} {{EVERYTHING}}"}}]
    try:
        while (message := ask(messages)).tool_calls:
            messages.append(message)
            for call in message.tool_calls:
                result = json.dumps(look_up(**json.loads(call.function.arguments)))
                messages.append({{"role": "tool", "tool_call_id": call.id, "content": result}})
    except openai.OpenAIError as exc:
        raise RuntimeError(f"no luck with {{EVERYTHING}}: {{exc}}") from exc
    return {{"response": message.content, "with": EVERYTHING}}


scenario = BaselineScenario(
    name="planted", agent=agent, turns=[f"I am {{TOKEN}}, help me."], hosts=["127.0.0.1"]
)
"""


def echoing(asked: list[Got]) -> Script:
    """A model that repeats every secret, in arguments and in words, cut into small pieces; keeps what it was asked."""

    def script(got: Got, wire: Wire) -> None:
        asked.append(got)
        everything = " ".join(SECRETS.values())
        said = Said(f"All I know is {everything}.")
        if len(asked) == 1:
            said = Said("", (Called.of("look_up", {"with": everything}),))
        wire.head(
            content_type="text/event-stream",
            set_cookie=f"__cf_bm={SET_COOKIE}",
            openai_organization=SECRETS["PLANTED_ORGANISATION"],
        )
        for frame in chat_wire.frames(Asked("openai_chat", "gpt-5-mini", {}, True, 0), said, len(asked)):
            wire.chunk(frame)
        wire.end()

    return script


def contents(path: Path) -> bytes:
    """A file's bytes; of a cassette, finished or not, its records unpacked too."""
    parts = [path.read_bytes()]
    if path.suffix in (".msgpack", ".journal"):
        parts += records(path)
    return b"\n".join(parts)


def records(path: Path) -> list[bytes]:
    data, offset, found = path.read_bytes(), PREAMBLE_BYTES, []
    while offset < len(data):
        try:
            read = read_frame(data, offset)
        except BrokenRecord:
            break
        found.append(unpacked(read))
        offset = read.end
    return found


def holding(secret: str, paths: list[Path]) -> list[str]:
    forms = (secret.encode(), json.dumps(secret)[1:-1].encode())
    return [path.name for path in paths if any(form in contents(path) for form in forms)]


def test_no_planted_secret_is_in_any_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, secret in SECRETS.items():
        monkeypatch.setenv(name, secret)
    asked: list[Got] = []
    with serving(echoing(asked)) as url:
        Path("planted.py").write_text(AGENT.format(names=list(SECRETS), url=url))
        recorded = run_command(["record", "planted.py"])
    fuzzed = run_command(["fuzz", "planted.py", "--max-examples", "10", "--json", "out.json"])
    files = [path for path in tmp_path.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    kept = b"".join(contents(path) for path in files)
    told = capsys.readouterr()

    assert (recorded, fuzzed) == (0, 1)
    assert len(asked) == 2
    for name, secret in SECRETS.items():
        assert secret in repr(asked[1]), name
        assert holding(secret, files) == [], name
        assert secret not in told.out + told.err, name
    assert holding(SET_COOKIE, files) == []
    assert {path.suffix for path in files} >= {".msgpack", ".journal", ".json"}
    assert b"Bearer {{CRM_TOKEN}}" in kept
    assert b"no luck with {{OPENAI_API_KEY}} {{CRM_TOKEN}} {{COOKIE}}" in kept


UNSOUND = """
import itertools
import os

import anthropic

from agent_chaos import BaselineScenario

KEY, count = os.environ["CRM_TOKEN"], itertools.count()


def agent(ctx, text):
    client = anthropic.Anthropic(base_url={url!r}, api_key="x", max_retries=0)
    asked = f"with {{KEY}}" + {changing}
    messages = [{{"role": "user", "content": one}} for one in (text, asked)]
    said = client.messages.create(model="m", max_tokens=9, messages=messages)
    return said.content[0].text if os.path.exists("sound") else open(f"nothing of {{KEY}}")


scenario = BaselineScenario(name="unsound", agent=agent, turns=["hi"], hosts=["127.0.0.1"])
"""


@pytest.mark.parametrize(
    ("changing", "code", "expected"),
    [("f' {next(count)}'", 4, "with {{CRM_TOKEN}} "), ("''", 5, "nothing of {{CRM_TOKEN}}")],
    ids=["it differs", "it fails"],
)
def test_an_error_of_the_run_tells_no_secret(
    changing: str,
    code: int,
    expected: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CRM_TOKEN", SECRETS["CRM_TOKEN"])
    with serving(provider) as url:
        Path("unsound.py").write_text(UNSOUND.format(url=url, changing=changing))
        failed = run_command(["record", "unsound.py"])
        Path("sound").touch()
        recorded = run_command(["record", "unsound.py"])
    if code == 5:
        Path("sound").unlink()
    fuzzed = run_command(["fuzz", "unsound.py", "--json", "out.json"])
    told = capsys.readouterr()

    assert (failed, recorded, fuzzed) == (2, 0, code)
    assert "nothing of {{CRM_TOKEN}}" in told.err
    assert expected in told.err.splitlines()[-1]
    assert expected in Path("out.json").read_text()
    assert SECRETS["CRM_TOKEN"] not in told.out + told.err + Path("out.json").read_text()
