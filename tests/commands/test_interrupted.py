"""Ctrl-C, SIGTERM and crashes end a command in words, with what it has until then."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.forked import ROOT, command

AGENT = """
import itertools, os, subprocess
import refund

runs = itertools.count(1)

def signalled(ctx, text):
    if next(runs) == {run}:
        # From outside: what an agent sends to itself ends its run alone.
        subprocess.run(["kill", "-{name}", str(os.getpid())])
    return refund.agent(ctx, text)

scenario = refund.refund_scenario.model_copy(update={{"agent": signalled}})
"""
WARM_UP, EXAMPLE = 1, 20


def fuzzed(folder: Path, name: str, run: int):
    """`fuzz` on an agent whose process gets a signal in its run of that number."""
    placed(folder, AGENT.format(name=name, run=run))
    return command(folder, "fuzz", "scenarios/agent.py", "--max-examples", "60")


def placed(folder: Path, agent: str) -> None:
    (folder / "scenarios").mkdir()
    shutil.copy(ROOT / "scenarios/refund.py", folder / "scenarios")
    shutil.copytree(ROOT / "cassettes", folder / "cassettes")
    (folder / "scenarios/agent.py").write_text(agent)


@pytest.mark.parametrize(("name", "code"), [("INT", 130), ("TERM", 143)])
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


@pytest.mark.parametrize(("name", "code"), [("INT", 130), ("TERM", 143)])
def test_a_command_that_is_ended_before_its_first_example_says_so(tmp_path, name, code):
    done = fuzzed(tmp_path, name, WARM_UP)

    assert done.returncode == code
    assert "error: interrupted" in done.stderr
    assert "Traceback" not in done.stderr


CRASHING = """
import ctypes, itertools
import refund

runs = itertools.count(1)

def crashing(ctx, text):
    if next(runs) == {run}:
        ctypes.string_at(0)
    return refund.agent(ctx, text)

scenario = refund.refund_scenario.model_copy(update={{"agent": crashing}})
"""


def test_a_process_that_crashes_says_so_and_keeps_what_was_found_until_then(tmp_path):
    placed(tmp_path, CRASHING.format(run=EXAMPLE))
    # With pipes, whose end says that nobody has anything more to tell.
    crashed = subprocess.run(
        [sys.executable, "-m", "agent_chaos", "fuzz", "scenarios/agent.py", "--workers", "1"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert crashed.returncode == -signal.SIGSEGV
    assert "--resume --workers 2" in crashed.stderr
    assert len(crashed.stderr.splitlines()) == 1
    assert list(tmp_path.glob(".agent_chaos/F-*.json"))
