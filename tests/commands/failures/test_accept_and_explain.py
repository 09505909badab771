"""The words of reports are explained, and what is accepted is listed and taken back."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from agent_chaos.commands.catalogue.explain import explain
from agent_chaos.commands.failures.accept import accept, list_accepted, prune, remove
from agent_chaos.commands.failures.export import export
from agent_chaos.commands.failures.recheck import Standing
from agent_chaos.errors import ExitCode, UsageError
from agent_chaos.faults.catalogue import fault_type
from agent_chaos.faults.family import Frequency
from agent_chaos.oracles.registry import all_oracles
from agent_chaos.oracles.verdict import Verdict
from agent_chaos.search.corpus.baseline import ACCEPTED, Acceptance, Baseline
from agent_chaos.search.corpus.failure_files import Corpus
from agent_chaos.search.selection import outside
from agent_chaos.trace.fidelity import Fidelity
from tests.report.refund_campaign import failure
from tests.search import shop


@pytest.fixture
def baseline(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    entries = tuple(
        Acceptance(id=name, scenario="shop", fingerprint=f"leaks:{name}", reason="known", until=until)
        for name, until in (("F-AAAA", date(2999, 1, 1)), ("F-BBBB", date(2001, 1, 1)))
    )
    Baseline(entries, date.today()).save(ACCEPTED)


def test_what_is_accepted_is_listed_with_what_has_expired(baseline, capsys):
    list_accepted()
    first, second = capsys.readouterr().out.splitlines()

    assert first.startswith("F-AAAA  shop  leaks: F-AAAA: until 2999-01-01: known")
    assert "until 2001-01-01 (which has passed)" in second


def test_what_is_removed_is_accepted_no_longer(baseline):
    remove(["f-aaaa"])

    assert [one.id for one in Baseline.load(ACCEPTED, date.today()).entries] == ["F-BBBB"]
    with pytest.raises(UsageError, match="accepted are: F-BBBB"):
        remove(["F-AAAA"])


def kept():
    """A failure that is stored here."""
    return Corpus().save(failure(plan=shop.TRUNCATED))


def ids():
    return [one.id for one in Baseline.load(ACCEPTED, date.today()).entries]


def test_all_accepts_what_is_stored_and_removes_what_is_accepted(baseline, capsys):
    stored = kept()
    accept(["all"], reason="known", until="2999-01-01")

    assert set(ids()) == {"F-AAAA", "F-BBBB", stored.id}
    accept(["ALL"], reason="known", until="2999-01-01")
    assert "accepted already" in capsys.readouterr().out
    remove(["all"])
    assert ids() == []


def test_pruning_leaves_what_is_stored_and_in_force(baseline):
    stored = kept()
    accept([stored.id], reason="known", until="2999-01-01")
    prune()

    assert ids() == [stored.id]


def test_nothing_is_accepted_where_one_of_several_is_not_stored(baseline):
    stored = kept()
    with pytest.raises(UsageError, match="no failure F-ZZZZ"):
        accept([stored.id, "F-ZZZZ"], reason="known", until="2999-01-01")

    assert ids() == ["F-AAAA", "F-BBBB"]


@pytest.mark.parametrize(
    "word",
    [
        *Verdict,
        *Standing,
        *(rung.words for rung in Fidelity),
        *(str(int(code)) for code in ExitCode),
        *all_oracles(),
        *(often.label for often in Frequency),
        "exit code 3",
        "as far as recorded",
        "site",
        "Empty Body",
        "rate-limit",
    ],
)
def test_every_word_of_a_report_is_explained(word, capsys):
    explain(str(word).split())

    assert len(capsys.readouterr().out) > len(word) + 10


def test_a_word_that_nobody_uses_is_a_usage_error_with_the_nearest_one():
    with pytest.raises(UsageError, match="did you mean truncate"):
        explain(["trunkate"])


def test_without_a_word_all_are_listed_and_an_id_is_told_where_to_look(capsys):
    explain([])
    assert "SAME QUESTION, OTHER HISTORY" in capsys.readouterr().out
    with pytest.raises(UsageError, match="agent-chaos show F-7Q2K"):
        explain(["f-7q2k"])


@pytest.mark.parametrize(
    ("profile", "kept"),
    [
        ("everyday", {Frequency.EVERYDAY}),
        ("hostile", {Frequency.RARE, Frequency.HOSTILE}),
        ("all", set(Frequency)),
    ],
)
def test_a_profile_leaves_out_what_is_met_less_or_more_often(profile, kept):
    assert {fault_type(kind).frequency for kind in outside(profile)} == set(Frequency) - kept


def test_all_where_nothing_is_stored_is_an_error(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match="no failure is stored"):
        accept(["all"], reason="known", until="2999-01-01")
    with pytest.raises(UsageError, match="no failure is stored"):
        export(["all"], None)


def test_all_exports_every_stored_failure_to_a_file_that_is_named_as_a_shell_reads_it(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    stored = [Corpus().save(failure(plan=shop.TRUNCATED, scenario=name)) for name in ("desk", "shop")]
    export(["all"], Path("test my desk.py"))

    assert capsys.readouterr().out == "test my desk.py: run it with pytest 'test my desk.py'\n"
    source = Path("test my desk.py").read_text()
    assert all(f"_{one.id.replace('-', '_').lower()}()" in source for one in stored)


def test_the_list_of_words_has_a_column_for_words_and_one_for_what_they_mean(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "80")
    explain([])
    lines = capsys.readouterr().out.partition("Oracles and faults have")[0].splitlines()
    column = lines[0].index("Every fault")

    assert {len(line[:column]) - len(line[:column].rstrip()) >= 2 for line in lines} == {True}
    assert max(map(len, lines)) <= 80
