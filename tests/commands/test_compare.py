"""`agent-chaos compare` on the shipped refund agent and the same with its fix."""

from __future__ import annotations

import shutil

import pytest

from agent_chaos.commands.project.demo import _CHECKED, _UNCHECKED
from tests.forked import ROOT, command

SEARCH = ("--only-faults", "truncate", "--max-examples", "4", "--workers", "1")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("versions")
    source = (ROOT / "scenarios" / "refund.py").read_text(encoding="utf-8")
    for name, text in (("old", source), ("new", source.replace(_UNCHECKED, _CHECKED))):
        (made / f"{name}.py").write_text(text, encoding="utf-8")
    (made / "two.py").write_text(
        "from agent_chaos import BaselineScenario\n"
        "a, b = (BaselineScenario(name=n, agent=lambda ctx, text: text, turns=['hi']) for n in 'ab')\n"
    )
    (made / "cassettes").mkdir()
    shutil.copy(ROOT / "cassettes" / "refund.msgpack", made / "cassettes")
    return made


def counts(told):
    return told.stdout.splitlines()[-1]


def test_what_was_mended_is_fixed_and_what_broke_is_new(folder):
    mended = command(folder, "compare", "old.py", "new.py", *SEARCH)
    broken = command(folder, "compare", "new.py", "old.py", *SEARCH)

    assert (mended.returncode, broken.returncode) == (0, 1), mended.stdout + mended.stderr + broken.stderr
    assert counts(mended) == "findings: 0 new, 1 fixed, 0 same, 0 not judged"
    assert counts(broken) == "findings: 1 new, 0 fixed, 0 same, 0 not judged"
    assert "FIXED" in mended.stdout
    assert "of everyday faults survived" in mended.stdout


def test_a_report_stands_for_a_version_that_is_no_more_here(folder):
    command(folder, "fuzz", "old.py", *SEARCH, "--json", "old.json")
    mended = command(folder, "compare", "old.json", "new.py", *SEARCH)

    assert mended.returncode == 0, mended.stdout + mended.stderr
    assert counts(mended) == "findings: 0 new, 1 fixed, 0 same, 0 not judged"


@pytest.mark.parametrize(
    ("before", "words"),
    [
        ("nowhere.json", "expected what 'agent-chaos fuzz --json FILE' wrote"),
        ("two.py", "expected one scenario, found a, b"),
    ],
)
def test_what_cannot_be_compared_is_told_in_one_line(folder, before, words):
    told = command(folder, "compare", before, "new.py")

    assert told.returncode == 2
    assert words in told.stderr
    assert told.stderr.count("\n") == 1
