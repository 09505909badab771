"""Runs made by the real command, and the real command that serves them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.forked import ROOT, command

HOSTILE = (
    "<script>document.title='owned'</script><img src=http://evil.example/x.png onerror=\"document.title='owned'\">"
    "![](http://evil.example/md.png) [click](javascript:alert(1)) \x1b]0;owned\x07\x1b[31mred \u202egnp.exe {{ 7 * 7 }}"
)
_SCENARIOS = f"""
from agent_chaos.chaos import llm_rate_limit, llm_server_error, llm_truncate
from agent_chaos.scenario import BaselineScenario, ExpectError, MaxLLMCalls
from refund import refund_scenario

limited = refund_scenario.variant(
    name="limited", chaos=[llm_rate_limit(retry_after=30).on_call(0).attempts(1)],
    assertions=[MaxLLMCalls(2)], tags=["retry"],
)
down = refund_scenario.variant(
    name="down", chaos=[llm_server_error()], assertions=[ExpectError("InternalServerError")], tags=["errors"]
)
cut = refund_scenario.variant(
    name="cut", chaos=[llm_truncate(boundary="mid_number", offset=0).at("call 1")], tags=["stream"]
)


def said_by_a_stranger(ctx, text):
    refund_scenario.agent(ctx, text)
    return HOSTILE


HOSTILE = {HOSTILE!r}
hostile = refund_scenario.model_copy(
    update={{"name": "hostile", "agent": said_by_a_stranger, "cassette": refund_scenario.cassette, "tags": [HOSTILE]}}
)
"""


def run(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Runs `agent-chaos` in a folder."""
    return command(folder, *arguments, environment=_environment(folder))


def made(folder: Path) -> Path:
    """A folder of runs and a campaign, as a user of the shipped refund agent would have them."""
    shutil.copytree(ROOT / "cassettes", folder / "cassettes")
    shutil.copy(folder / "cassettes" / "refund.msgpack", folder / "cassettes" / "hostile.msgpack")
    (folder / "scenarios").mkdir()
    shutil.copy(ROOT / "scenarios" / "refund.py", folder / "scenarios" / "refund.py")
    (folder / "scenarios" / "variants.py").write_text(_SCENARIOS, encoding="utf-8")
    done = run("run", "scenarios", folder=folder)
    assert "5 scenarios: 3 passed, 2 did not" in " ".join(done.stdout.split()), done.stdout + done.stderr
    fuzzed = run("fuzz", "scenarios/refund.py", "--max-examples", "12", folder=folder)
    assert fuzzed.returncode == 1, fuzzed.stdout + fuzzed.stderr
    return folder / ".agent_chaos_runs"


@contextmanager
def served(runs: Path) -> Iterator[str]:
    """The address that `agent-chaos ui` prints, while it serves."""
    pages = [sys.executable, "-m", "agent_chaos", "ui", str(runs), "--port", "0"]
    with subprocess.Popen(
        pages,
        cwd=runs.parent,
        stdout=subprocess.PIPE,
        text=True,
        env={**_environment(runs), "PYTHONUNBUFFERED": "1"},
    ) as server:
        assert server.stdout is not None
        try:
            yield server.stdout.readline().strip()
        finally:
            server.terminate()


def _environment(folder: Path) -> dict[str, str]:
    path = [str(folder / "scenarios"), str(ROOT), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(one for one in path if one)}
