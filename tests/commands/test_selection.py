"""`-k`, `--tag` and `--stop-on-first` choose what a command does of all that a folder holds."""

import json
from pathlib import Path

import pytest

from agent_chaos.cli import run_command
from agent_chaos.search.failure import Failure
from tests.search import shop

FOLDER = """
from pathlib import Path
from tests.search import shop

def made(name, agent, *tags):
    plain = shop.scenario(agent, tags=tags, cassette=Path("cassettes/shop.msgpack"))
    return plain.model_copy(update={"name": name})

scenarios = [made("rash", shop.careless, "money"), made("sound", shop.careful, "money", "slow"), made("rasher", shop.careless)]
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    shop.save(shop.cassette(), Path("cassettes/shop.msgpack"))
    Path("scenarios").mkdir()
    Path("scenarios/shops.py").write_text(FOLDER)


def stored():
    return [
        Failure.model_validate_json(path.read_text())
        for path in sorted(Path(".agent_chaos").glob("F-*.json"))
    ]


def test_the_first_failure_ends_the_search_and_is_made_small(folder, capsys):
    code = run_command(["fuzz", "-x", "--only-oracles", "unfinished_tool_call", "--json", "report.json"])
    told = capsys.readouterr()
    (campaign,) = json.loads(Path("report.json").read_text())["campaigns"]

    assert code == 1
    assert campaign["scenario"] == "rash"
    assert campaign["figures"]["examples"] < 200
    assert "2 scenarios not searched: stopped at the first failure" in told.out
    assert stored()[0].smallest


def test_a_sound_agent_is_searched_to_the_end(folder, capsys):
    code = run_command(
        ["fuzz", "-x", "-k", "sound", "--only-oracles", "unfinished_tool_call", "--max-examples", "9", "-q"]
    )

    assert code == 0
    assert "9 examples" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        (["-k", "rash"], ["rash", "rasher"]),
        (["--tag", "money"], ["rash", "sound"]),
        (["-k", "rash and not money"], ["rasher"]),
    ],
)
@pytest.mark.parametrize("command", ["replay", "run"])
def test_commands_take_what_was_chosen(folder, capsys, command, asked, names):
    run_command([command, *asked])
    lines = capsys.readouterr().out.splitlines()

    assert [line.split()[0] for line in lines if line.split()[1:2] == ["PASS"]] == names


def test_stored_failures_are_chosen_by_their_scenario(folder, capsys):
    run_command(["fuzz", "-q", "-k", "rasher", "-x", "--only-oracles", "unfinished_tool_call"])
    capsys.readouterr()
    run_command(["replay", "-k", "sound"])
    without = capsys.readouterr().out
    run_command(["replay", "--tag", "money"])
    by_tag = capsys.readouterr().out
    run_command(["replay", "-k", "rasher"])

    assert "F-" not in without + by_tag
    assert f"{stored()[0].id}  rasher" in capsys.readouterr().out


def test_what_nothing_matches_is_a_usage_error_that_names_what_there_is(folder, capsys):
    codes = {command: run_command([command, "-k", "checkout"]) for command in ("fuzz", "run", "record")}
    told = capsys.readouterr().err

    assert set(codes.values()) == {2}
    assert told.count("names: rash, sound, rasher; tags: money, slow") == 3
