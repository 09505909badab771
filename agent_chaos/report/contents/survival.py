"""What an agent withstood: the kinds of fault that did no harm, and the share of everyday faults it survived."""

from __future__ import annotations

from collections import defaultdict
from math import sqrt

from agent_chaos.oracles.verdict import Verdict
from agent_chaos.report.document import Score, SurvivedKinds
from agent_chaos.search.campaign import Campaign

_OUTCOMES = {
    "same": "the same answer as without faults",
    "raised": "an error that says what failed",
    "other": "another answer that no oracle objects to",
}
_Z = 1.96
"""Of a normal distribution, 95 % lies within."""


def survived_kinds(campaign: Campaign) -> tuple[SurvivedKinds, ...]:
    """The kinds of fault that never failed the agent, by what came of them where they fired alone, or with others unnoticed."""
    harmful = {placed.fault.kind for one in campaign.findings for placed in one.failure.plan.faults}
    ended: dict[str, set[str]] = defaultdict(set)
    seen: dict[str, int] = defaultdict(int)
    for (kind, answered), examples in campaign.judged.harmless.items():
        if kind not in harmful:
            ended[kind].add(answered)
            seen[kind] += examples
    worst = {
        # The worst of it: "the same answer" is said of a kind only where it was so every time.
        kind: next(how for how in ("other", "raised", "same") if how in how_all)
        for kind, how_all in ended.items()
    }
    return tuple(
        SurvivedKinds(
            outcome=words,
            kinds=tuple(sorted(kind for kind in worst if worst[kind] == how)),
            examples=sum(seen[kind] for kind in worst if worst[kind] == how),
        )
        for how, words in _OUTCOMES.items()
        if how in worst.values()
    )


def survival_score(campaign: Campaign) -> Score | None:
    """The share of examples with nothing but everyday faults that the agent survived; None where there was none, and where
    earlier runs made some of them fail.
    """
    tried = campaign.judged.everyday
    if not tried or campaign.left_over:
        return None
    survived = tried[Verdict.PASS]
    judged = survived + tried[Verdict.FAIL]
    low, high = _interval(survived, judged)
    return Score(survived=survived, judged=judged, undecided=tried.total() - judged, low=low, high=high)


def _interval(successes: int, trials: int) -> tuple[float, float]:
    """The Wilson interval of a share, which also holds for few trials and for shares near 0 and 1.

    Source: Wilson 1927, https://doi.org/10.1080/01621459.1927.10502953.
    """
    if not trials:
        return 0.0, 1.0
    share, squared = successes / trials, _Z * _Z
    centre = (share + squared / (2 * trials)) / (1 + squared / trials)
    half = _Z * sqrt(share * (1 - share) / trials + squared / (4 * trials * trials)) / (1 + squared / trials)
    return max(0.0, centre - half), min(1.0, centre + half)


def not_tested_reasons(campaign: Campaign) -> tuple[tuple[str, int], ...]:
    """Why examples tested nothing, with counts, most frequent first."""
    return tuple(campaign.judged.not_tested.most_common())
