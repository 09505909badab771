"""Failures with one cause as one finding, what to fix first at the top."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from operator import or_

from agent_chaos.report.contents.ranking import gravity, likelihood
from agent_chaos.report.remedies.case import Case
from agent_chaos.report.remedies.catalogue import every_remedy
from agent_chaos.report.remedies.remedy import Remedy
from agent_chaos.search.campaign import Finding
from agent_chaos.trace.trace import Trace


@dataclass(frozen=True)
class Cause:
    """What one change of the agent ends: the failures, the weightiest first, each with its case."""

    remedy: Remedy
    members: tuple[tuple[Finding, Case], ...]

    @property
    def weight(self) -> int:
        """How much it matters: how often such a fault is met times how grave what follows is."""
        return max(_weight(finding) for finding, _ in self.members)

    @property
    def examples(self) -> int:
        """How many of the campaign's examples showed one of the failures."""
        return reduce(or_, (finding.seen_in for finding, _ in self.members), 0).bit_count()


def causes(findings: Iterable[Finding], clean: Trace) -> tuple[Cause, ...]:
    """The findings by cause, the weightiest first; of equals the one seen in more examples."""
    grouped: dict[tuple[object, ...], list[tuple[Finding, Case]]] = {}
    for finding in findings:
        case = Case(finding.failure.violation, finding.outcome.trace, clean, finding.reproduced)
        remedy = remedy_of(case)
        grouped.setdefault((remedy.name, remedy.place(case), remedy.apart(case)), []).append((finding, case))
    found = [_cause(members) for members in grouped.values()]
    return tuple(sorted(found, key=lambda one: (-one.weight, -one.examples)))


def remedy_of(case: Case) -> Remedy:
    """The remedy that is meant for a failure."""
    fitting = (remedy for remedy in every_remedy() if remedy.fits(case))
    return min(fitting, key=lambda remedy: remedy.order)


def _cause(found: list[tuple[Finding, Case]]) -> Cause:
    ordered = sorted(
        # Of equal weight the one with the fewest faults first: it is the one that a reader understands at
        # once.
        found,
        key=lambda one: (-_weight(one[0]), len(one[0].failure.plan), -one[0].failure.runs_seen),
    )
    return Cause(remedy_of(ordered[0][1]), tuple(ordered))


def _weight(finding: Finding) -> int:
    failure = finding.failure
    if not finding.reproduced:
        return 0
    return likelihood(failure.plan) * gravity(failure.violation)
