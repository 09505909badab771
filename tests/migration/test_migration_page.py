"""MIGRATION.md is true: its code parses, what it says to write now runs, and each pair is one change."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import agent_chaos
from agent_chaos import chaos, scenario

ROOT = Path(__file__).parent.parent.parent
PAGE = (ROOT / "MIGRATION.md").read_text()
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
BEFORE, NOW = BLOCKS[::2], BLOCKS[1::2]
WORDS = ["llm_rate_limit", "llm_server_error", "history_truncate", "RateLimitChaos"]
ASSERTED = ["TurnCompletes", "RecoveredAfterFailure", "CompletesWithin", "run_scenario"]


def names() -> dict[str, Any]:
    """What the file around a block has imported and defined."""
    turns = [agent_chaos.Turn(text) for text in ("one", "two", "three")]
    known = {name: getattr(chaos, name) for name in WORDS} | {
        name: getattr(scenario, name) for name in ASSERTED
    }
    known |= {name: getattr(agent_chaos, name) for name in ("BaselineScenario", "Turn")}
    baseline = agent_chaos.BaselineScenario(name="base", agent=print, turns=turns)
    return {
        "__name__": "scenarios",
        "agent_chaos": agent_chaos,
        "agent": print,
        "baseline": baseline,
        **known,
    }


def run(code: str) -> dict[str, Any]:
    found = names()
    exec(code, found)  # what a user pastes
    return found


def test_blocks_come_in_pairs():
    assert [block.startswith("# 0.1.3") for block in BLOCKS] == [True, False] * len(NOW)
    assert all(block.startswith("# now") for block in NOW)


@pytest.mark.parametrize("code", BEFORE, ids=lambda code: code[8:50])
def test_code_of_before_was_code(code):
    compile(code, "MIGRATION.md", "exec")


@pytest.mark.parametrize("code", NOW, ids=lambda code: code[6:50])
def test_code_of_now_runs(code):
    found = run(code)
    every = {"chaos": found.get("chaos", ()), "assertions": found.get("assertions", ())}

    assert found["baseline"].variant(name="v", **every).name == "v"


def test_the_readme_leads_here():
    assert "(MIGRATION.md)" in (ROOT / "README.md").read_text()
