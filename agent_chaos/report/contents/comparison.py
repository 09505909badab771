"""Two campaigns side by side: which findings are new, which are fixed, and which are the same.

Each failure of either was run on the other as well, so that no difference is the luck of a search.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from agent_chaos.report.document import CampaignRecord, FindingRecord


class Shown(StrEnum):
    """How a failure of one version stands on the other."""

    FAILS = "fails"
    PASSES = "passes"
    UNKNOWN = "could not be judged"
    UNTRIED = "was not tried"


class Movement(StrEnum):
    """What became of a finding."""

    NEW = "NEW"
    UNTRIED = "NOT TRIED BEFORE"
    FIXED = "FIXED"
    SAME = "SAME"
    OPEN = "NOT JUDGED"


@dataclass(frozen=True)
class Moved:
    """A finding, and what became of it."""

    movement: Movement
    finding: FindingRecord


@dataclass(frozen=True)
class VersionComparison:
    """The campaigns of both versions, and their findings: the new ones first, each kind in the order in which to fix them."""

    before: CampaignRecord
    after: CampaignRecord
    rows: tuple[Moved, ...]

    def count(self, movement: Movement) -> int:
        return sum(row.movement is movement for row in self.rows)


def comparison(
    before: CampaignRecord,
    after: CampaignRecord,
    *,
    now: Mapping[str, Shown],
    then: Mapping[str, Shown],
    renamed: tuple[str, str] = ("", ""),
) -> VersionComparison:
    """Compares them. `now` says of each fingerprint of `before` how it stands on the new version, `then` the reverse.

    A finding is new where the earlier version does not show one of its failures, and fixed where the new one passes all that
    are not told of as failures of the new one. Where all that is against it is that the earlier search never tried such a fault,
    nobody knows whether it is new. `renamed` are the names of the agent's file before and after: the fingerprint
    of an exception holds it.
    """
    rows = [*_of_after(after, then), *_of_before(before, after, now, renamed)]
    order = tuple(Movement)
    return VersionComparison(before, after, tuple(sorted(rows, key=lambda row: order.index(row.movement))))


def met_before(earlier: CampaignRecord, later: CampaignRecord) -> dict[str, Shown]:
    """How each failure of the new version stood on an earlier one that is no more here: by what its own search met and tried."""
    met = {one.failure.fingerprint for one in earlier.failures}
    tried = {(cell.kind, cell.place) for cell in earlier.struck}
    return {
        one.failure.fingerprint: Shown.FAILS
        if one.failure.fingerprint in met
        else Shown.UNKNOWN
        if all((placed.fault.kind, placed.site.place) in tried for placed in one.failure.plan.faults)
        else Shown.UNTRIED
        for one in later.failures
    }


def _of_after(after: CampaignRecord, then: Mapping[str, Shown]) -> Iterator[Moved]:
    for finding in after.findings:
        # All of its failures: one that the earlier version does not show makes the finding new, since
        # something got worse.
        shown = {then[one.failure.fingerprint] for one in after.of(finding)}
        untried = Movement.UNTRIED if shown <= {Shown.FAILS, Shown.UNTRIED} else Movement.NEW
        yield Moved(Movement.SAME if shown == {Shown.FAILS} else untried, finding)


def _of_before(
    before: CampaignRecord, after: CampaignRecord, now: Mapping[str, Shown], renamed: tuple[str, str]
) -> Iterator[Moved]:
    """The findings that the new version's search did not show, each without what it showed of them."""
    old, new = renamed
    told = {one.failure.fingerprint for one in after.failures}
    for finding in before.findings:
        rest = [
            one.failure
            for one in before.of(finding)
            if not {one.failure.fingerprint, one.failure.fingerprint.replace(old, new) if old else ""} & told
        ]
        if not rest:
            continue
        shown = {now[one.fingerprint] for one in rest}
        still = Movement.SAME if Shown.FAILS in shown else Movement.OPEN
        ways = finding.model_copy(update={"failures": tuple(one.id for one in rest)})
        yield Moved(Movement.FIXED if shown == {Shown.PASSES} else still, ways)
