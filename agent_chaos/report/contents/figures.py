"""The figures of campaigns in words: the one summary line, the fault space covered, the runs counted apart."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from agent_chaos.oracles.oracle import spoken
from agent_chaos.report.document import CampaignRecord, Score, SurvivedKinds
from agent_chaos.report.printable import count, printable
from agent_chaos.search.campaign import Campaign, Figures, LeftOver, Warned
from agent_chaos.search.corpus.baseline import Acceptance
from agent_chaos.search.failure import UndecidedPlan

_KINDS = 6
"""How many kinds of fault are named in one line."""


def examples_summary(
    figures: Figures, tools_run_for_real: Sequence[str], *, findings: int, effects: bool = False
) -> str:
    """`200 examples: 94 ok, 88 failed, 18 undecided, 0 not tested; 7 findings, 16 ways to fail; tools run for real: none`.

    `effects` says that the agent did something outside of its process, which may have been a tool.
    """
    errors = f", {figures.errors:,} harness errors" if figures.errors else ""
    ways = f", {count(figures.distinct, 'way')} to fail" if figures.distinct else ""
    accepted = f", {figures.accepted:,} accepted" if figures.accepted else ""
    left_over = f", {figures.left_over:,} not counted" if figures.left_over else ""
    unnamed = "none known by name, but effects were noticed" if effects else "none"
    real = ", ".join(printable(name) for name in tools_run_for_real) or unnamed
    return (
        f"{count(figures.examples, 'example')}: {figures.ok:,} ok, {figures.failures:,} failed, {figures.undecided:,} undecided, "
        f"{figures.not_tested:,} not tested{errors}; {count(findings, 'finding')}{ways}{accepted}{left_over}; "
        f"tools run for real: {real}"
    )


def total(campaigns: Sequence[CampaignRecord]) -> str:
    """The summary line over several campaigns."""
    names = (
        "examples",
        "ok",
        "failures",
        "distinct",
        "accepted",
        "left_over",
        "undecided",
        "not_tested",
        "errors",
    )
    sums = {name: sum(getattr(campaign.figures, name) for campaign in campaigns) for name in names}
    tools = sorted({tool for campaign in campaigns for tool in campaign.tools_run_for_real})
    return examples_summary(
        Figures(**sums),
        tools,
        findings=sum(len(campaign.findings) for campaign in campaigns),
        effects=any(campaign.had_effects for campaign in campaigns),
    )


def survived_lines(rows: Iterable[SurvivedKinds], *, everything: bool = False) -> str:
    """What did no harm, a line for each way it ended: `41 kinds of fault: the same answer (rate limit, …)`."""
    return "\n".join(
        f"{count(len(row.kinds), 'kind')} of fault: {row.outcome} ({_some(row.kinds, everything=everything)})"
        for row in rows
    )


def _some(kinds: Sequence[str], *, everything: bool) -> str:
    shown = kinds if everything else kinds[:_KINDS]
    more = [f"{len(kinds) - len(shown)} more"] if len(kinds) > len(shown) else []
    return ", ".join([*(kind.replace("_", " ") for kind in shown), *more])


def score_line(found: Score | None) -> str:
    """`61 % of everyday faults survived (53 of 87; 95 % interval 50 % to 71 %; 9 more undecided)`."""
    if found is None:
        return ""
    undecided = f"; {found.undecided:,} more undecided" if found.undecided else ""
    if not found.judged:
        return f"none of the examples with everyday faults could be judged{undecided}"
    return (
        f"{_percent(found.survived / found.judged)} of everyday faults survived ({found.survived:,} of {found.judged:,}; "
        f"95 % interval {_percent(found.low)} to {_percent(found.high)}{undecided})"
    )


def _percent(share: float) -> str:
    # Whole per cents: the interval beside it is wider than any digit behind the point.
    return f"{100 * share:.0f} %"


def not_tested_lines(reasons: Iterable[tuple[str, int]]) -> list[str]:
    """Why examples tested nothing, a line each."""
    return [f"{number:,}  {printable(why)}" for why, number in reasons]


def space(figures: Figures) -> str:
    """How much of the fault space was covered."""
    return (
        f"single faults {figures.singles_covered:,} of {figures.singles_total:,}, "
        f"pairs {figures.pairs_covered:,} of {figures.pairs_total:,}"
    )


def conclusion(campaign: Campaign) -> str:
    """What running every single fault shows, or that nothing could be judged; '' elsewhere, and where failures speak."""
    figures = campaign.figures
    # A sentence about what was shown would contradict what stands above it.
    if campaign.findings or campaign.first_error or campaign.interrupted:
        return ""
    if not figures.exhaustive:
        # A campaign of no examples, as of stored failures alone, had nothing to judge; that is no result to
        # warn of.
        judged = figures.ok + figures.failures or not figures.examples
        return (
            ""
            if judged
            else "nothing could be judged: every example left the recording, or no fault of it fired"
        )
    if figures.examples < figures.exhaustive:
        return f"stopped after {figures.examples:,} of {figures.exhaustive:,} single faults; nothing is shown by that"
    missed = f", {figures.not_tested:,} not tested" if figures.not_tested else ""
    runs = f"({count(figures.examples, 'run')}, {figures.undecided:,} undecided{missed})"
    apart = ["is accepted"] * bool(campaign.accepted) + ["is not counted"] * bool(campaign.left_over)
    known = f"besides what {' and what '.join(apart)}, " if apart else ""
    which = "none of the chosen faults" if campaign.selected else "no single fault"
    if figures.examples == figures.undecided + figures.not_tested:
        return f"{which} could be judged {runs}; nothing is shown by that"
    return f"{known}{which} breaks this agent {runs}"


def ended(figures: Figures, why: str) -> str:
    """Why a search ended before its examples were used up, or ''."""
    return f"after {count(figures.examples, 'example')}: {why}" if why else ""


def not_run(figures: Figures) -> str:
    """Single faults that no example had, where all were to be run."""
    left = figures.singles_total - figures.singles_run
    return f"{count(left, 'single fault')}, the time was up" if left else ""


def accepted_lines(entries: Iterable[Acceptance]) -> str:
    """Known failures that were met, a line each."""
    return "\n".join(f"{_named(one)} until {one.until}: {printable(one.reason)}" for one in entries)


def expired(entries: Iterable[Acceptance]) -> str:
    """Known failures that count again, a line each."""
    return "\n".join(
        f"{_named(one)} accepted until {one.until}, which has passed: {printable(one.reason)}"
        for one in entries
    )


def _named(entry: Acceptance) -> str:
    return printable(f"{entry.id}  {spoken(entry.fingerprint)}")


def no_site(figures: Figures) -> str:
    """Kinds of fault that could land nowhere in this scenario, or nothing."""
    return _listed(kind.replace("_", " ") for kind in figures.no_site)


def fired(figures: Figures) -> str:
    """In how many examples each kind of fault fired, most often first."""
    ranked = sorted(figures.fired.items(), key=lambda item: (-item[1], item[0]))
    return _listed(f"{kind.replace('_', ' ')} {times:,}" for kind, times in ranked)


def other_runs(figures: Figures) -> str:
    """The runs that are not examples."""
    runs = (
        (figures.clean_runs, "without faults"),
        (figures.corpus_runs, "of stored failures"),
        (figures.shrink_runs, "to make failures small"),
    )
    return _listed(f"{number:,} {what}" for number, what in runs if number)


def undecided_lines(reasons: Iterable[tuple[str, int]], plans: Iterable[UndecidedPlan]) -> list[str]:
    """Why examples were undecided, `12  left the recording at call 3  U-7Q2K`, and what would decide one."""
    counted = list(reasons)
    ids = {one.reason: one.id for one in plans}
    wide = max((len(f"{number:,}") for _, number in counted), default=0)
    lines = [f"{number:>{wide},}  {printable(why)}  {ids.get(why, '')}".rstrip() for why, number in counted]
    first = next(iter(ids.values()), "")
    return [*lines, f"what the model says there: agent-chaos record --continue {first}"] if first else lines


def warnings(found: Iterable[Warned]) -> list[str]:
    """What oracles warn of, a line each: `12  request validity: …: call 1 would be answered 400: …`."""
    counted = list(found)
    wide = max((len(f"{one.examples:,}") for one in counted), default=0)
    return [
        f"{one.examples:>{wide},}  {printable(spoken(one.violation.fingerprint))}: "
        f"{printable(one.violation.reason)}"
        for one in counted
    ]


def left_over_lines(found: Iterable[LeftOver]) -> list[str]:
    """What earlier runs caused, a line each, and then why it is not counted and what to do; nothing where there is none."""
    lines = [
        f"{printable(spoken(one.violation.fingerprint))}: {printable(one.violation.reason)} "
        f"(seen in {count(one.examples, 'example')}; {printable(one.plan)})"
        for one in found
    ]
    why = (
        "It did not come back when its plan ran after a run without faults: earlier runs in this process left what it needs in the "
        "agent's modules. Give the scenario a setup= that makes that anew before every run; then such failures are judged."
    )
    return [*lines, why] if lines else []


def _listed(parts: Iterable[str]) -> str:
    return ", ".join(parts)
