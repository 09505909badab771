"""What a shop wrote for 0.1.3 runs today with the changes that MIGRATION.md lists, and says what is so."""

from __future__ import annotations

import json
import re
from difflib import ndiff
from pathlib import Path

import pytest

from agent_chaos.cassette.storage.audit import scan
from agent_chaos.cli import run_command

HERE = Path(__file__).parent
FILES = ("shop_agent.py", "shop_support.py", "shop_resilience.py", "shop_fuzzing.py")
INDEX = re.compile(r"\b(on_turn\(|on_call\(|between_turns\(|turn=)(\d+)(?:, (\d+))?")
"""Everywhere a turn or a call is counted."""


def lowered(line: str) -> str:
    """The line with every turn and every call counted from 0 instead of 1."""

    def one_less(match: re.Match[str]) -> str:
        second = f", {int(match[3]) - 1}" if match[3] else ""
        return f"{match[1]}{int(match[2]) - 1}{second}"

    return INDEX.sub(one_less, line)


@pytest.mark.parametrize("name", FILES)
def test_only_indices_change_and_tools_are_wrapped(name):
    before = (HERE / "earlier" / name).read_text().splitlines()
    now = (HERE / name).read_text().splitlines()
    added = [line[2:] for line in ndiff([lowered(one) for one in before], now) if line.startswith("+ ")]
    gone = [line[2:] for line in ndiff([lowered(one) for one in before], now) if line.startswith("- ")]

    assert gone == []
    assert [line for line in added if line not in ("", "import agent_chaos", "@agent_chaos.tool")] == []


def reports(folder: Path) -> dict[str, dict]:
    found = [json.loads(path.read_text()) for path in folder.rglob("report.json")]
    return {report["scenario_name"]: report for report in found}


@pytest.fixture
def ran(tmp_path, monkeypatch):
    """Runs a file with the command, in the shop's folder: its exit code, and the reports by name."""
    monkeypatch.chdir(HERE)

    def ran(name: str) -> tuple[int, dict[str, dict]]:
        code = run_command(["run", name, "--workers", "1", "--artifacts-dir", str(tmp_path)])
        return code, reports(tmp_path)

    return ran


def test_the_baseline_and_its_six_variants_are_judged_by_oracles_beside_their_assertions(ran):
    code, found = ran("shop_support.py")

    assert {name: report["verdict"] for name, report in found.items()} == {
        "shop-support": "PASS",
        "rate-limited": "FAIL",
        "slow-provider": "PASS",
        "provider-down": "FAIL",
        "key-expired": "PASS",
        "orders-down": "PASS",
        "forgetful": "PASS",
    }
    assert "order to wait 5 s" in found["rate-limited"]["reason"]
    assert "sent 9 times" in found["provider-down"]["reason"]
    assert code == 1


def test_faults_strike_the_turns_they_struck_before(ran):
    _, found = ran("shop_support.py")
    turns = {name: {fault["turn"] for fault in report["metrics"]["faults"]} for name, report in found.items()}

    assert turns == {
        "shop-support": set(),
        "rate-limited": {0},
        "slow-provider": {0},
        "provider-down": {2},
        "key-expired": {2},
        "orders-down": {0},
        "forgetful": {2},
    }


def test_the_resilience_suite(ran):
    code, found = ran("shop_resilience.py")

    assert {name: report["verdict"] for name, report in found.items()} == {
        "slow-morning": "PASS",
        "lost-connection": "PASS",
        "busy-evening": "FAIL",
        "hanging-answer": "FAIL",
    }
    assert code == 1
    assert "turn_completes_within" in found["hanging-answer"]["reason"]


def test_token_assertions_measure_streamed_calls(ran):
    _, found = ran("shop_resilience.py")
    measured = {one["name"]: one["measured"] for one in found["slow-morning"]["assertion_results"]}

    assert measured["max_tokens"] == 1538 + 131
    assert measured["max_output_tokens_per_call"] == 48


def test_every_fuzzed_variant_injects_something(ran):
    code, found = ran("shop_fuzzing.py")
    fuzzed = {name: report for name, report in found.items() if "--fuzz-" in name}

    assert len(fuzzed) == 6 + 4
    assert all(report["metrics"]["faults"] for report in fuzzed.values())
    assert {name: report["verdict"] for name, report in fuzzed.items() if name.startswith("shop-orders")} == {
        f"shop-orders-fuzzed--fuzz-{number}": "PASS" for number in range(4)
    }
    assert {report["verdict"] for name, report in fuzzed.items() if name.startswith("shop-fuzzed")} == {
        "PASS",
        "FAIL",
    }
    assert code == 1


def test_the_recordings_hold_no_secret():
    for cassette in sorted((HERE / "cassettes").glob("*.msgpack")):
        assert not scan(cassette)
