"""A campaign in parts, on the command line: shards joined, and what was ended gone on with."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from agent_chaos.cli import run_command
from tests.search import shop

RUNS = Path(".agent_chaos_runs")
NARROW = ("--only-faults", "truncate,overloaded", "--max-examples", "6")


@pytest.fixture
def target(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "200")
    return shop.write_project(tmp_path)


def campaign(name="report.json"):
    (one,) = json.loads(Path(name).read_text())["campaigns"]
    one["figures"].pop("seconds")
    return one


def test_shards_of_several_machines_are_joined_to_one_report(target, capsys):
    for number, code in ((1, 1), (2, 0)):
        assert run_command(["fuzz", target, *NARROW, "--shard", f"{number}/2"]) == code
        assert f"shard {number}/2" in capsys.readouterr().out
        shutil.move(RUNS, f"shards/{number}")
        shutil.rmtree(".agent_chaos", ignore_errors=True)
    codes = [
        run_command(["merge", *folders, "--json", f"{at}.json"])
        for at, folders in enumerate((["shards"], ["shards/2", "shards/1"]))
    ]

    assert codes == [1, 1]
    assert campaign("0.json") == campaign("1.json")
    assert campaign("0.json")["figures"]["examples"] == 6
    stored = {path.stem for path in Path(".agent_chaos").glob("F-*.json")}
    assert stored == {one["failure"]["id"] for one in campaign("0.json")["failures"]}


def test_a_shard_that_is_missing_is_told(target, capsys):
    run_command(["fuzz", target, *NARROW, "--shard", "2/2"])
    capsys.readouterr()

    assert run_command(["merge", str(RUNS)]) == 2
    assert "expected every shard 1/2 to 2/2, found 2/2" in capsys.readouterr().err


@pytest.mark.parametrize(("folder", "said"), [("nowhere", "not a folder"), ("cassettes", "no checkpoint")])
def test_folders_without_shards_are_told(target, capsys, folder, said):
    assert run_command(["merge", folder]) == 2
    assert said in capsys.readouterr().err


def test_a_campaign_that_was_killed_is_gone_on_with(target):
    run_command(["fuzz", target, *NARROW, "--json", "whole.json"])
    (checkpoint,) = RUNS.glob("*/checkpoint")
    checkpoint.write_bytes(checkpoint.read_bytes()[:-900])
    code = run_command(["fuzz", target, *NARROW, "--resume", "--json", "report.json"])

    assert code == 1
    assert campaign() == campaign("whole.json")
    assert list(RUNS.glob("*/checkpoint")) == [checkpoint]


def test_resume_begins_where_there_is_nothing_yet(target):
    assert run_command(["fuzz", target, *NARROW, "--resume"]) == 1
    assert len(list(RUNS.glob("*/checkpoint"))) == 1


def test_what_an_agent_that_was_changed_since_did_is_not_taken_for_what_it_does(target, capsys):
    run_command(["fuzz", target, *NARROW])
    with Path("shop_scenario.py").open("a") as file:
        file.write("\n# another line\n")
    capsys.readouterr()

    assert run_command(["fuzz", target, *NARROW, "--resume"]) == 2
    assert "shop_scenario.py was changed; fuzz without --resume" in capsys.readouterr().err
