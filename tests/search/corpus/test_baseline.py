"""Known failures: accepted for a reason until a day, told, and counted again the day after."""

from datetime import date

import pytest

from agent_chaos.errors import UsageError
from agent_chaos.report.contents import figures
from agent_chaos.report.exit import exit_code
from agent_chaos.search.corpus.baseline import Acceptance, Baseline
from agent_chaos.search.search import find_failures
from agent_chaos.search.selection import scoped
from tests.search.shop import Logged

LAST_DAY = date(2027, 1, 31)
TRUNCATION = scoped(only=["truncate"])


@pytest.fixture(scope="module")
def campaign():
    return find_failures(Logged(), max_examples=12, scope=TRUNCATION)


def accepting(findings, today):
    entries = [
        Acceptance(
            id=one.failure.id,
            scenario=one.failure.scenario,
            fingerprint=one.failure.fingerprint,
            reason="fixed in the next release",
            until=LAST_DAY,
        )
        for one in findings
    ]
    return Baseline(tuple(entries), today)


def test_accepted_failures_are_told_and_fail_nothing(campaign):
    known = accepting(campaign.findings, LAST_DAY)
    again = find_failures(Logged(), max_examples=12, scope=TRUNCATION, baseline=known)

    assert len(campaign.findings) > 1
    assert again.findings == ()
    assert {one.fingerprint for one in again.accepted} == {o.failure.fingerprint for o in campaign.findings}
    assert (exit_code(campaign), exit_code(again)) == (1, 0)
    assert f"0 findings, {len(again.accepted)} accepted" in figures.examples_summary(
        again.figures, (), findings=0
    )
    assert "until 2027-01-31: fixed in the next release" in figures.accepted_lines(again.accepted)


def test_what_is_not_accepted_still_fails(campaign):
    known = accepting(campaign.findings[1:], LAST_DAY)
    again = find_failures(Logged(), max_examples=12, scope=TRUNCATION, baseline=known)

    assert [one.failure.fingerprint for one in again.findings] == [campaign.findings[0].failure.fingerprint]
    assert exit_code(again) == 1


def test_the_day_after_they_count_again(campaign):
    known = accepting(campaign.findings, date(2027, 2, 1))
    again = find_failures(Logged(), max_examples=12, scope=TRUNCATION, baseline=known)

    assert len(again.findings) == len(campaign.findings)
    assert again.accepted == ()
    assert exit_code(again) == 1
    assert "accepted until 2027-01-31, which has passed" in figures.expired(again.expired)


def test_another_scenario_with_the_same_failure_is_not_accepted(campaign):
    known = accepting(campaign.findings, LAST_DAY)
    elsewhere = Baseline(
        tuple(one.model_copy(update={"scenario": "another"}) for one in known.entries), LAST_DAY
    )
    again = find_failures(Logged(), max_examples=12, scope=TRUNCATION, baseline=elsewhere)

    assert len(again.findings) == len(campaign.findings)


def test_the_file_is_written_for_people_to_review(campaign, tmp_path):
    path = tmp_path / "accepted.json"
    known = accepting(campaign.findings, LAST_DAY)
    known.save(path)
    later = Baseline.load(path, date(2027, 2, 1))

    assert set(later.entries) == set(known.entries)
    assert '"until": "2027-01-31"' in path.read_text()
    assert '"reason": "fixed in the next release"' in path.read_text()
    assert later.today == date(2027, 2, 1)


def test_a_failure_accepted_anew_has_one_entry(campaign):
    (first, *_) = accepting(campaign.findings, LAST_DAY).entries
    renewed = first.model_copy(update={"reason": "later", "until": date(2027, 6, 30)})

    assert Baseline((first,)).with_entry(renewed).entries == (renewed,)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "not JSON"),
        ('{"accepted": [{"id": "F-7Q2K"}]}', r"accepted\.0\.scenario: Field required"),
        ('{"version": 2, "accepted": []}', "version"),
        (
            '{"accepted": [{"id": "F-1", "scenario": "s", "fingerprint": "o:x", "reason": " ", "until": "2027-01-31"}]}',
            r"accepted\.0\.reason",
        ),
        ("[]", "not accepted failures"),
    ],
)
def test_a_file_that_is_none_is_a_clear_error(tmp_path, text, words):
    path = tmp_path / "accepted.json"
    path.write_text(text)

    with pytest.raises(UsageError, match=words):
        Baseline.load(path, LAST_DAY)


def test_without_a_file_nothing_is_accepted(tmp_path):
    assert Baseline.load(tmp_path / "none.json", LAST_DAY).entries == ()
