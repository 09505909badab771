"""Two versions of an agent: a finding is new, fixed or the same by what each version does under the same plan."""

from __future__ import annotations

import pytest

from agent_chaos.report.build_record import campaign_record
from agent_chaos.report.contents.comparison import Movement, Shown, comparison, met_before
from agent_chaos.report.document import CampaignRecord, GridCell
from tests.report.refund_campaign import VIOLATION, campaign, finding

HERE, GONE, OPEN = Shown.FAILS, Shown.PASSES, Shown.UNKNOWN
CUT = finding(id="F-CUTX")
SLOW = finding(VIOLATION.model_copy(update={"oracle": "termination", "subject": "transfer"}), id="F-SLOW")
CUT_ID, SLOW_ID = CUT.failure.fingerprint, SLOW.failure.fingerprint


def of(*found: object) -> CampaignRecord:
    return campaign_record(campaign(findings=found))


@pytest.mark.parametrize(
    ("before", "after", "now", "then", "rows"),
    [
        ([CUT], [CUT], {CUT_ID: HERE}, {CUT_ID: HERE}, {"F-CUTX": Movement.SAME}),
        ([CUT], [], {CUT_ID: GONE}, {}, {"F-CUTX": Movement.FIXED}),
        ([CUT], [], {CUT_ID: HERE}, {}, {"F-CUTX": Movement.SAME}),
        ([CUT], [], {CUT_ID: OPEN}, {}, {"F-CUTX": Movement.OPEN}),
        ([], [CUT], {}, {CUT_ID: GONE}, {"F-CUTX": Movement.NEW}),
        ([], [CUT], {}, {CUT_ID: HERE}, {"F-CUTX": Movement.SAME}),
        ([], [CUT], {}, {CUT_ID: OPEN}, {"F-CUTX": Movement.NEW}),
        ([], [CUT], {}, {CUT_ID: Shown.UNTRIED}, {"F-CUTX": Movement.UNTRIED}),
        (
            [CUT],
            [SLOW],
            {CUT_ID: GONE},
            {SLOW_ID: GONE},
            {"F-SLOW": Movement.NEW, "F-CUTX": Movement.FIXED},
        ),
    ],
    ids=[
        "found in both",
        "fixed",
        "only the luck of the search",
        "not to be judged any more",
        "new",
        "there before, though not found",
        "new, where the earlier version cannot be judged",
        "not known, where the earlier search never tried it",
        "one fixed, one new",
    ],
)
def test_a_finding_is_what_both_versions_do_under_its_plan(before, after, now, then, rows) -> None:
    made = comparison(of(*before), of(*after), now=now, then=then)

    assert {row.finding.failures[0]: row.movement for row in made.rows} == rows
    assert [row.finding.failures[0] for row in made.rows] == list(rows)


BOTH = [CUT, SLOW]


def one_finding(record: CampaignRecord) -> CampaignRecord:
    """All failures of a campaign as one finding."""
    (first, *more) = record.findings
    ids = tuple(name for one in (first, *more) for name in one.failures)
    return record.model_copy(update={"findings": (first.model_copy(update={"failures": ids}),)})


def test_of_a_finding_what_the_new_version_still_shows_does_not_hide_what_is_fixed() -> None:
    made = comparison(
        one_finding(of(*BOTH)), of(SLOW), now={CUT_ID: GONE, SLOW_ID: HERE}, then={SLOW_ID: HERE}
    )

    assert [(row.movement, row.finding.failures) for row in made.rows] == [
        (Movement.FIXED, ("F-CUTX",)),
        (Movement.SAME, ("F-SLOW",)),
    ]


def test_a_failure_is_the_same_in_a_file_of_another_name() -> None:
    raised = {"oracle": "unhandled_exception", "subject": "KeyError in old.py:agent"}
    old = finding(VIOLATION.model_copy(update=raised), id="F-KEYS")
    new = finding(VIOLATION.model_copy(update=raised | {"subject": "KeyError in new.py:agent"}), id="F-KEYZ")
    made = comparison(
        of(old),
        of(new),
        now={old.failure.fingerprint: HERE},
        then={new.failure.fingerprint: HERE},
        renamed=("old.py", "new.py"),
    )

    assert [(row.movement, row.finding.failures) for row in made.rows] == [(Movement.SAME, ("F-KEYZ",))]


def test_a_failure_whose_fault_an_earlier_search_never_tried_there_is_told_apart_from_a_new_one() -> None:
    later = of(CUT)
    (placed,) = CUT.failure.plan.faults
    cell = GridCell(kind=placed.fault.kind, place=placed.site.place, survived=1)
    elsewhere = cell.model_copy(update={"place": "call 9"})

    assert met_before(later, later) == {CUT_ID: Shown.FAILS}
    assert met_before(of().model_copy(update={"struck": (cell,)}), later) == {CUT_ID: Shown.UNKNOWN}
    assert met_before(of().model_copy(update={"struck": (elsewhere,)}), later) == {CUT_ID: Shown.UNTRIED}


def test_one_failure_that_was_tried_and_not_shown_makes_a_finding_new() -> None:
    made = comparison(of(), one_finding(of(*BOTH)), now={}, then={CUT_ID: OPEN, SLOW_ID: Shown.UNTRIED})

    assert [row.movement for row in made.rows] == [Movement.NEW]
