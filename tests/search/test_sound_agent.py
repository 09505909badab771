"""A sound agent passes whatever strikes it: its every finding would be a false alarm."""

from __future__ import annotations

from agent_chaos.patch.install import offline_environment
from agent_chaos.scenario.loader import load
from agent_chaos.search.search import find_failures
from agent_chaos.trial.rehearsal import Rehearsal
from tests.forked import ROOT


def test_the_shipped_agent_that_is_sound_has_no_finding(monkeypatch):
    monkeypatch.chdir(ROOT)
    with offline_environment():
        (loaded,) = load(["scenarios/careful_refund.py"])
        found = find_failures(Rehearsal(loaded.scenario, target=loaded.ref), max_examples=200, seed=0)

    assert [one.failure.violation.reason for one in found.findings] == []
    assert found.figures.ok == 200
