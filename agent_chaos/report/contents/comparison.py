"""Two campaigns side by side: which findings are new, which are fixed, and which are the same.

Each failure of either was run on the other as well, so that no difference is the luck of a search.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from agent_chaos.report.document import CampaignRecord, FindingRecord


class Shown(StrEnum):
    """How a failure of one version stands on the other."""

    FAILS = "fails"
    PASSES = "passes"
    UNKNOWN = "could not be judged"


class Movement(StrEnum):
    """What became of a finding."""

    NEW = "NEW"
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
) -> VersionComparison:
    """Compares them. `now` says of each fingerprint of `before` how it stands on the new version, `then` the reverse.

    A finding is new where the earlier version does not show one of its failures, and fixed where the new one passes all.
    """
    rows = [*_of_after(after, then), *_of_before(before, after, now)]
    order = tuple(Movement)
    return VersionComparison(before, after, tuple(sorted(rows, key=lambda row: order.index(row.movement))))


def _of_after(after: CampaignRecord, then: Mapping[str, Shown]) -> Iterator[Moved]:
    for finding in after.findings:
        # All of its failures: one that the earlier version does not show makes the finding new, since
        # something got worse.
        known = all(then[one] is Shown.FAILS for one in _fingerprints(after, [finding]))
        yield Moved(Movement.SAME if known else Movement.NEW, finding)


def _of_before(before: CampaignRecord, after: CampaignRecord, now: Mapping[str, Shown]) -> Iterator[Moved]:
    """The findings that the new version's search did not show."""
    told = set(_fingerprints(after, after.findings))
    for finding in before.findings:
        held = set(_fingerprints(before, [finding]))
        # It is told of as a finding of the new version already.
        if held & told:
            continue
        shown = {now[one] for one in held}
        still = Movement.SAME if Shown.FAILS in shown else Movement.OPEN
        yield Moved(Movement.FIXED if shown == {Shown.PASSES} else still, finding)


def _fingerprints(campaign: CampaignRecord, findings: Iterable[FindingRecord]) -> Iterator[str]:
    return (one.failure.fingerprint for finding in findings for one in campaign.of(finding))
