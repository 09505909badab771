"""The table of what was found in frameworks: its plans fail as it says, and so do the frameworks without agent-chaos."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest

from agent_chaos import chaos
from agent_chaos.faults.plan import Plan
from agent_chaos.patch.install import install_offline
from agent_chaos.scenario.loader import load_scenario
from agent_chaos.search.search import find_failures
from agent_chaos.trial.rehearsal import Rehearsal

FOLDER = Path(__file__).parents[2] / "scenarios" / "frameworks"
REPRODUCE = Path(__file__).parent / "reproduce.py"


@dataclass(frozen=True)
class Row:
    name: str
    release: str
    spelling: str
    oracle: str
    seen: str

    def __str__(self) -> str:
        return self.name

    def installed(self) -> None:
        """Skips where the release in the table is not installed."""
        distribution, wanted = self.release.split(" ")
        try:
            present = version(distribution)
        except PackageNotFoundError:
            present = "absent"
        if present != wanted:
            pytest.skip(f"needs {distribution} {wanted}, which is {present}")


def rows() -> list[Row]:
    lines = [line for line in (FOLDER / "README.md").read_text().splitlines() if line.startswith("|")][2:]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [
        Row(name, release, plan.strip("`"), oracle, re.findall("`(.+?)`", seen)[0])
        for name, release, plan, oracle, seen, _ in cells
    ]


every_row = pytest.mark.parametrize("row", rows(), ids=str)


def test_the_table_has_every_scenario_once():
    assert sorted(row.name for row in rows()) == sorted(
        one.parent.name for one in FOLDER.glob("*/scenario.py")
    )


@every_row
def test_the_release_in_the_table_is_the_one_in_its_requirements(row):
    required = (FOLDER / row.name / "requirements.txt").read_text().splitlines()

    assert re.sub(r"(\S+) (\S+)", r"\1==\2", row.release) in [
        re.sub(r"\[.*\]", "", line) for line in required
    ]


@every_row
def test_a_search_with_default_settings_finds_it_and_the_plan_of_the_table_shows_it(row):
    """The search is ended as soon as it has found it: what it would find besides is no matter here."""
    row.installed()
    install_offline()
    subject = Rehearsal(load_scenario(str(FOLDER / row.name / "scenario.py")))
    word = row.spelling.partition("(")[0]
    spelled = eval(row.spelling, {word: getattr(chaos, word)})
    shown = subject.trial(Plan.of([(spelled.trigger.site, spelled.fault)]))
    wanted = {found for found in shown.fingerprints if found.startswith(f"{row.oracle}:")}

    def found(progress):
        if wanted & {*progress.found}:
            signal.raise_signal(signal.SIGINT)

    assert wanted
    assert wanted & {one.failure.fingerprint for one in find_failures(subject, listener=found).findings}


@every_row
def test_the_framework_does_the_same_without_agent_chaos(row):
    row.installed()
    done = subprocess.run(
        [sys.executable, str(REPRODUCE), row.name], capture_output=True, text=True, timeout=120
    )

    assert row.seen in done.stdout, done.stderr


def test_reproducing_needs_no_agent_chaos():
    assert "agent_chaos" not in REPRODUCE.read_text()
