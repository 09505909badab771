"""`agent-chaos config` says what is in force, and where it comes from."""

import pytest

from agent_chaos.cli import run_command


@pytest.fixture
def project(tmp_path, monkeypatch):
    (tmp_path / "pyproject.toml").write_text(
        '[tool.agent-chaos]\nmax_examples = 7\nseed = 1\nspace = "chaos.py:SPACE"\n'
    )
    (tmp_path / "sub").mkdir()
    monkeypatch.chdir(tmp_path / "sub")
    return tmp_path


def told(capsys):
    lines = [line.partition("  #") for line in capsys.readouterr().out.splitlines()]
    return {line.strip(): origin.strip() for line, _, origin in lines}


def test_each_setting_is_told_with_its_origin(project, capsys):
    assert run_command(["config", "--origin", "--seed", "0", "--skip-faults", "stall,truncate"]) == 0

    origins, file = told(capsys), str(project / "pyproject.toml")
    assert origins["max-examples = 7"] == file
    assert origins[f'space = "{project}/chaos.py:SPACE"'] == file
    assert origins["seed = 0"] == "--seed"
    assert origins['skip-faults = ["stall", "truncate"]'] == "--skip-faults"
    assert origins["only-oracles = []"] == "default"


def test_what_it_prints_is_a_table_that_says_the_same(project, capsys):
    run_command(["config"])
    before = capsys.readouterr().out
    (project / "sub" / "pyproject.toml").write_text(f"[tool.agent-chaos]\n{before}")
    run_command(["config", "--origin"])

    after = told(capsys)
    assert [line for line in before.splitlines() if line not in after] == [
        'baseline = ".agent_chaos/accepted.json"'  # named in a file, it is from the file's folder
    ]


def test_a_key_said_twice_is_refused(project, capsys):
    (project / "pyproject.toml").write_text("[tool.agent-chaos]\nmax_examples = 7\nmax-examples = 8\n")

    assert run_command(["config"]) == 2
    assert "said twice" in capsys.readouterr().err
