"""Ctrl-C and SIGTERM end a command in words, with what it has until then."""

import json
import shutil
from pathlib import Path

import pytest

from tests.forked import ROOT, command

AGENT = """
import itertools, os, signal
import refund

runs = itertools.count(1)

def signalled(ctx, text):
    if next(runs) == {run}:
        os.kill(os.getpid(), signal.{name})
    return refund.agent(ctx, text)

scenario = refund.refund_scenario.model_copy(update={{"agent": signalled}})
"""
WARM_UP, EXAMPLE = 1, 20


def fuzzed(folder: Path, name: str, run: int):
    """`fuzz` on an agent whose process gets a signal in its run of that number."""
    (folder / "scenarios").mkdir()
    shutil.copy(ROOT / "scenarios/refund.py", folder / "scenarios")
    shutil.copytree(ROOT / "cassettes", folder / "cassettes")
    (folder / "scenarios/signalled.py").write_text(AGENT.format(name=name, run=run))
    return command(folder, "fuzz", "scenarios/signalled.py", "--max-examples", "60")


@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 143)])
def test_a_search_that_is_ended_reports_and_keeps_what_it_found(tmp_path, name, code):
    done = fuzzed(tmp_path, name, EXAMPLE)
    (kept,) = tmp_path.glob(".agent_chaos_runs/*/campaign.json")
    campaign = json.loads(kept.read_text())["campaigns"][0]
    stored = {path.stem for path in tmp_path.glob(".agent_chaos/F-*.json")}

    assert done.returncode == code
    assert "Interrupted" in done.stdout
    assert campaign["findings"]
    assert stored == {one["failure"]["id"] for one in campaign["failures"]}
    assert campaign["figures"]["examples"] < 60


@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 143)])
def test_a_command_that_is_ended_before_its_first_example_says_so(tmp_path, name, code):
    done = fuzzed(tmp_path, name, WARM_UP)

    assert done.returncode == code
    assert "error: interrupted" in done.stderr
    assert "Traceback" not in done.stderr
