"""`agent-chaos shrink TARGET --plan FILE`: a plan from anywhere becomes the smallest stored failure."""

from __future__ import annotations

import json
import shutil

import pytest

from agent_chaos.cli import run_command
from agent_chaos.search.corpus.failure_files import Corpus
from tests.test_cli import ROOT

SLOW = {"site": "call 0", "fault": {"kind": "slow_stream", "seconds": 0.25}}
CUT = {"site": "call 1", "fault": {"kind": "truncate", "boundary": "mid_number", "offset": 0}}


@pytest.fixture
def refund(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("scenarios/refund.py", "cassettes/refund.msgpack"):
        (tmp_path / name).parent.mkdir()
        shutil.copy(ROOT / name, tmp_path / name)
    return "scenarios/refund.py"


def planned(*faults):
    return json.dumps({"version": 1, "faults": faults})


def test_what_does_not_matter_is_dropped_and_the_rest_is_stored(refund, tmp_path, capsys):
    (tmp_path / "plan.json").write_text(planned(SLOW, CUT))
    code = run_command(["shrink", refund, "--plan", "plan.json"])
    (failure,) = Corpus().load_all()

    assert code == 0
    assert failure.plan.as_dict()["faults"] == [CUT]
    assert failure.smallest
    assert "2 faults -> 1, smallest" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "arguments", "told"),
    [
        (planned(SLOW), ["scenarios/refund.py"], "plan.json: refund does not fail under this plan (PASS)"),
        ("{", ["scenarios/refund.py"], "plan.json: plan: not JSON"),
        (planned(SLOW), [], "--plan is for one scenario; expected its file before it, got none"),
        (None, ["scenarios/refund.py"], "plan.json: cannot be read"),
    ],
    ids=["passes", "damaged", "no scenario", "no file"],
)
def test_what_cannot_be_shrunk_is_one_line(text, arguments, told, refund, tmp_path, capsys):
    if text is not None:
        (tmp_path / "plan.json").write_text(text)
    code = run_command(["shrink", *arguments, "--plan", "plan.json"])
    said = capsys.readouterr().err

    assert code == 2
    assert said.startswith(f"error: {told}")
    assert said.count("\n") == 1
    assert Corpus().load_all() == []


QUIET = """
loud = agent


def agent(ctx, turn_input):
    try:
        return loud(ctx, turn_input)
    except Exception:
        return None

"""
REFUSED = {"site": "call 0", "fault": {"kind": "auth_error"}}


def test_what_is_only_warned_of_is_no_failure_to_make_small(refund, tmp_path, capsys):
    file = tmp_path / refund
    before, name, after = file.read_text().partition("refund_scenario =")
    file.write_text(f"{before}{QUIET}{name}{after}")
    (tmp_path / "plan.json").write_text(planned(REFUSED))
    code = run_command(["shrink", refund, "--plan", "plan.json"])

    assert code == 2
    assert "refund does not fail under this plan (PASS" in capsys.readouterr().err
