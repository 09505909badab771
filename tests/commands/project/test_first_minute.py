"""`demo`, `init` and `doctor` as a newcomer meets them: in an empty folder, without a key."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib.resources import files

import pytest

from agent_chaos.cassette.storage.file import open_cassette
from agent_chaos.cli import run_command
from agent_chaos.commands.project.detect import starter
from agent_chaos.commands.project.init import _NEEDS
from agent_chaos.patch.keys import key_variables
from agent_chaos.search.corpus.failure_files import Corpus

STARTERS = [
    file for file in (files("agent_chaos.commands.project") / "starters").iterdir() if ".py" in file.name
]
NOTEBOOK = (
    '{"cells": [{"cell_type": "markdown", "source": "import openai"}, '
    '{"cell_type": "code", "source": ["%pip install x\\n", "from langgraph.graph import StateGraph\\n"]}]}'
)


@pytest.fixture
def empty(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in key_variables():
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def test_the_demo_finds_a_failure_shows_the_fix_and_sees_it_gone(empty, capsys):
    code = run_command(["demo", "--into", "shown"])
    said = capsys.readouterr().out

    assert code == 0
    assert (
        said.index('"amount": 15}')
        < said.index("+        stop, said = message.stop_reason")
        < said.index("FIXED")
    )
    assert "STILL FAILS" not in said
    assert "cd shown && agent-chaos fuzz\n" in said
    assert [one.plan.faults[0].fault.kind for one in Corpus(empty / "shown/.agent_chaos").load_all()][:1] == [
        "truncate"
    ]


def test_a_folder_that_is_there_is_left_alone(empty, capsys):
    (empty / "shown").mkdir()

    assert run_command(["demo", "--into", "shown"]) == 2
    assert "--into" in capsys.readouterr().err
    assert list((empty / "shown").iterdir()) == []


@pytest.mark.parametrize("file", STARTERS, ids=lambda file: file.name)
def test_every_starter_is_python_with_one_scenario(file):
    tree = ast.parse(file.read_text())
    named = [node.targets[0].id for node in tree.body if isinstance(node, ast.Assign)]

    assert named[-1] == "scenario"


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        (
            "pyproject.toml",
            '[project]\nname = "x"\ndependencies = ["pydantic_ai-slim[openai]>=2"]\n',
            "pydantic_ai",
        ),
        ("requirements-dev.txt", "# comment\n-r other.txt\nopenai==3\n", "openai"),
        ("own/graph.py", "from langgraph.graph import StateGraph\nimport anthropic\n", "langgraph"),
        ("own/talk.py", "from google import genai\n", "gemini"),
        ("broken.py", "def f(:\n", "anthropic"),
        (".venv/lib/x.py", "import openai\n", "anthropic"),
        ("pyproject.toml", '[tool.poetry.dependencies]\npython = "^3.12"\nopenai = "^3"\n', "openai"),
        ("pyproject.toml", "[tool.poetry.group.ai.dependencies]\nopenai-agents = '*'\n", "openai_agents"),
        ("pyproject.toml", '[dependency-groups]\ndev = ["google-genai", {include-group = "x"}]\n', "gemini"),
        ("pyproject.toml", "[project]\ndependencies = 3\n[tool]\npoetry = 4\n", "anthropic"),
        ("own.ipynb", NOTEBOOK, "langgraph"),
        ("own.ipynb", '{"cells": 3}', "anthropic"),
        ("package.json", '{"main": "desk.mjs"}', "node"),
        ("package.json", "[]", "anthropic"),
    ],
)
def test_the_starter_fits_what_the_project_uses(empty, name, text, expected):
    (empty / name).parent.mkdir(parents=True, exist_ok=True)
    (empty / name).write_text(text)

    assert starter(empty) == expected


@pytest.mark.parametrize(
    ("installed", "expected"),
    [
        ((), "anthropic"),
        (("openai", "anthropic"), "anthropic"),
        (("google-genai", "rich"), "gemini"),
        (("openai",), "openai"),
    ],
)
def test_an_empty_project_gets_a_starter_for_the_sdk_that_is_installed(
    installed, expected, empty, monkeypatch
):
    site = empty / ".venv"
    for name in installed:
        made = site / f"{name.replace('-', '_')}-1.0.dist-info"
        made.mkdir(parents=True)
        (made / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    monkeypatch.setattr(sys, "path", [str(site)])

    assert starter(empty) == expected


def test_init_writes_what_is_missing_and_overwrites_nothing(empty, capsys):
    subprocess.run(["git", "init", "-q"], check=True)
    (empty / "pyproject.toml").write_text('[project]\nname = "x"')
    assert run_command(["init", "--yes"]) == 0
    first = {
        path: path.read_bytes() for path in empty.rglob("*") if path.is_file() and ".git/" not in str(path)
    }
    said = capsys.readouterr().out
    assert run_command(["init", "--yes"]) == 0

    assert {path.relative_to(empty).as_posix() for path in first} == {
        ".gitattributes",
        ".github/workflows/agent-chaos.yml",
        "pyproject.toml",
        "scenarios/first.py",
    }
    assert "agent-chaos record scenarios/first.py" in said
    assert {path: path.read_bytes() for path in first} == first
    assert "written" not in capsys.readouterr().out


def test_init_starts_the_program_that_package_json_names(empty, capsys):
    (empty / "package.json").write_text('{"main": "desk.mjs", "dependencies": {"@anthropic-ai/sdk": "*"}}')
    assert run_command(["init", "--yes"]) == 0

    assert "ANTHROPIC_API_KEY=... agent-chaos record" in capsys.readouterr().out
    assert 'command_agent(["node", "desk.mjs"])' in (empty / "scenarios/first.py").read_text()
    assert "      - run: npm ci\n" in (empty / ".github/workflows/agent-chaos.yml").read_text()


def test_init_says_what_a_folder_has_no_use_for(empty, capsys):
    assert run_command(["init", "--yes"]) == 0
    said = capsys.readouterr().out

    assert [line.split()[:2] for line in said.splitlines() if "clone" in line or "pyproject" in line] == [
        ["left", "out"],
        ["left", "out"],
    ]
    assert "requirements.txt" not in (empty / ".github/workflows/agent-chaos.yml").read_text()


def test_init_in_a_part_of_a_clone_writes_a_workflow_where_github_looks_for_it(empty, monkeypatch):
    subprocess.run(["git", "init", "-q"], check=True)
    part = empty / "services" / "my desk"
    part.mkdir(parents=True)
    monkeypatch.chdir(part)
    assert run_command(["init", "--yes"]) == 0
    (workflow,) = (empty / ".github/workflows").iterdir()

    assert workflow.name == "agent-chaos-services-my desk.yml"
    assert (
        '    defaults:\n      run:\n        working-directory: "services/my desk"\n' in workflow.read_text()
    )
    assert (part / "scenarios/first.py").is_file()
    asked = subprocess.run(["git", "config", "diff.agent-chaos.textconv"], capture_output=True, text=True)
    assert asked.stdout == "agent-chaos cassette show\n"


def test_init_says_how_to_install_what_the_starter_imports(empty, capsys, monkeypatch):
    monkeypatch.setitem(_NEEDS, "anthropic", ("no_such_sdk", "agent-chaos[anthropic]"))
    assert run_command(["init", "--yes"]) == 0

    assert '  pip install "agent-chaos[anthropic]"\n' in capsys.readouterr().out


def test_init_asks_nobody_where_nobody_is(empty, capsys):
    assert run_command(["init"]) == 2
    assert "--yes" in capsys.readouterr().err
    assert list(empty.iterdir()) == []


def test_the_doctor_names_what_is_broken_and_what_to_do(empty, capsys):
    run_command(["demo", "--into", "shown"])
    whole = empty / "shown/cassettes/refund.msgpack"
    assert open_cassette(whole).exchanges
    (empty / "cassettes").mkdir()
    (empty / "cassettes" / "cut.msgpack").write_bytes(whole.read_bytes()[:40])
    (empty / "openai.py").write_text("")
    capsys.readouterr()

    code = run_command(["doctor"])
    lines = capsys.readouterr().out.splitlines()

    assert code == 5
    problems = [line for line in lines if line.startswith("problem")]
    assert [word for word in ("openai.py", "cut.msgpack") if any(word in line for line in problems)] == [
        "openai.py",
        "cut.msgpack",
    ]
    assert any("agent-chaos cassette verify" in line for line in lines)


def test_the_doctor_is_content_with_a_sound_project(empty, capsys):
    assert run_command(["doctor"]) == 0
    assert "problem" not in capsys.readouterr().out


def test_a_demo_that_cannot_be_made_is_a_usage_error(empty, capsys):
    (empty / "file").write_text("")

    assert run_command(["demo", "--into", "file/demo"]) == 2
    assert "--into" in capsys.readouterr().err


def test_the_doctor_names_settings_that_cannot_be_read(empty, capsys):
    (empty / "pyproject.toml").write_text("[tool.agent-chaos]\nmax-example = 3\n")

    assert run_command(["doctor"]) == 5
    assert "did you mean max-examples?" in capsys.readouterr().out
