"""`agent-chaos run` gives the same verdicts and files in one process and in several, and with one seed the same bytes."""

from pathlib import Path

import pytest

from agent_chaos.cli import run_command
from tests.search import plain, shop

SUITE = """
import agent_chaos
from agent_chaos.chaos import context_mutate, llm_rate_limit, llm_truncate, tool_error
from agent_chaos.scenario import BaselineScenario, CompletesWithin, MaxLLMCalls
from tests.search import plain

base = plain.plain(plain.careful)
scenarios = [
    base,
    base.variant(name="absorbed", chaos=[llm_rate_limit(retry_after=5).attempts(1)], assertions=[MaxLLMCalls(2)]),
    base.variant(name="late", chaos=[llm_rate_limit(retry_after=9).attempts(1)], assertions=[CompletesWithin(3)]),
    base.variant(name="chance", chaos=[llm_rate_limit(retry_after=5).attempts(1).with_probability(0.5)]),
    base.variant(name="asked", chaos=[context_mutate(lambda messages: messages[:1] * 2)]),
]
"""


@pytest.fixture
def suite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    shop.save(plain.cassette(), tmp_path / "cassettes" / "test.msgpack")
    (tmp_path / "suite.py").write_text(SUITE)
    return tmp_path / "suite.py"


def files(folder: Path) -> dict[str, bytes]:
    """Every file of the one run in a folder, by its path in it."""
    (own,) = folder.iterdir()
    return {
        str(path.relative_to(own)): path.read_bytes() for path in sorted(own.rglob("*")) if path.is_file()
    }


def test_several_processes_and_one_give_the_same(suite: Path, capsys: pytest.CaptureFixture[str]):
    said = {}
    for workers in ("1", "2"):
        code = run_command(
            ["run", str(suite), "--workers", workers, "--seed", "4", "--artifacts-dir", f"runs{workers}"]
        )
        said[workers] = (code, capsys.readouterr().out.replace(f"runs{workers}", "runs"))
    one, two = files(Path("runs1")), files(Path("runs2"))

    assert one == two
    assert {Path(name).name for name in one} == {"report.json", "scorecard.json", "events.jsonl"}
    assert len({Path(name).parts[0].rpartition("-")[0] for name in one}) == 5
    assert said["1"][0] == said["2"][0] == 1
    assert said["1"][1].splitlines()[:-1] == said["2"][1].splitlines()[:-1]


def test_an_error_is_told_beside_assertions_that_fail(suite: Path, capsys: pytest.CaptureFixture[str]):
    suite.write_text(
        SUITE.replace(".attempts(1)], assertions=[CompletesWithin(3)]", "], assertions=[CompletesWithin(3)]")
    )
    run_command(["run", f"{suite}:late"])
    out = capsys.readouterr().out

    assert "✗ completes_within: 9" in out
    assert "Unavailable" in out


def test_events_can_be_left_out(suite: Path):
    run_command(["run", f"{suite}:absorbed", "--no-events", "--artifacts-dir", "runs"])

    assert not [name for name in files(Path("runs")) if name.endswith("events.jsonl")]
