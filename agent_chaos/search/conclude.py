"""The end of a campaign: every failure that was met made small, and all that was learnt put together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from agent_chaos.oracles.oracle import Violation
from agent_chaos.oracles.registry import gravity_of
from agent_chaos.oracles.verdict import Verdict
from agent_chaos.runtime import interrupts
from agent_chaos.search.as_met import as_met
from agent_chaos.search.campaign import Campaign, Figures, Finding, LeftOver
from agent_chaos.search.campaign_state import CampaignState
from agent_chaos.search.corpus.baseline import Baseline
from agent_chaos.search.corpus.failure_files import Corpus, failure_id, failure_of
from agent_chaos.search.coverage import coverage
from agent_chaos.search.failure import Failure, UndecidedPlan
from agent_chaos.search.shrink import ShrinkResult, ShrinkTask
from agent_chaos.search.space import Space

CLEAN_RUNS = 3
"""A warm-up, and two that must be equal."""


@dataclass(frozen=True)
class Stored:
    """The stored failures that were run first: how many, and those that need no more than that run."""

    runs: int = 0
    proven: Mapping[str, Failure] = field(default_factory=dict)


@dataclass(frozen=True)
class Ending:
    """What a campaign ends in. `max_shrink_runs` are trials for each failure; `planned` is how many examples run every
    single fault, where that was asked for; `ended` says why it ended before its examples were used up.
    """

    seed: int
    max_shrink_runs: int
    baseline: Baseline
    corpus: Corpus | None
    stored: Stored = Stored()
    until_covered: bool = False
    planned: int = 0
    ended: str = ""


def concluded(run: CampaignState, space: Space, end: Ending, *, interrupted: bool) -> Campaign:
    """The campaign, its findings made small and stored. Ctrl-C ends the shrinking, and what is left is told as it was found."""
    before = run.runs
    left_over: dict[str, LeftOver] = {}
    findings, cut = _small(run, end, left_over, interrupted=interrupted)
    # Stored again: as it was met it was stored already, by the journal, and is now small.
    if end.corpus is not None:
        for finding in findings:
            end.corpus.save(finding.failure)
        for one in left_over:
            end.corpus.remove_unconfirmed(run.subject.name, one)
    subject, accepted = run.subject, end.baseline.in_force(run.subject.name, run.found)
    return Campaign(
        scenario=subject.name,
        seed=end.seed,
        clean=subject.clean,
        figures=_figures(run, space, corpus_runs=end.stored.runs, shrink_runs=run.runs - before).model_copy(
            update={
                "distinct": len(findings),
                "accepted": len(accepted),
                "left_over": len(left_over),
                "exhaustive": end.planned,
            }
        ),
        findings=tuple(findings),
        judged=run.judged,
        first_error=run.first_error,
        undecided_reasons=tuple(run.reasons.most_common()),
        undecided_plans=tuple(_undecided_plans(run)),
        warnings=tuple(
            sorted(run.warned.values(), key=lambda one: (-one.examples, one.violation.fingerprint))
        ),
        left_over=tuple(left_over.values()),
        tools_run_for_real=subject.tools_run_for_real,
        interrupted=interrupted or cut,
        until_covered=end.until_covered,
        ended=end.ended,
        selected=space.scope.rules is not None,
        coverage=coverage(run, space),
        accepted=accepted,
        expired=end.baseline.expired(subject.name, run.found),
    )


def _small(
    run: CampaignState, end: Ending, left_over: dict[str, LeftOver], *, interrupted: bool
) -> tuple[list[Finding], bool]:
    """The findings, the gravest first, and whether making them small was interrupted."""
    findings: list[Finding] = []
    cut = False
    try:
        if not interrupted:
            findings.extend(_findings(run, end, left_over))
    except KeyboardInterrupt:
        cut = True
    if interrupted or cut:
        interrupts.heeded()
        # What was made small before Ctrl-C is kept as that.
        left = _new(run, end.baseline) - {one.failure.fingerprint for one in findings} - left_over.keys()
        findings.extend(as_met(run, sorted(left), end.seed, end.stored.proven))
    return sorted(findings, key=_gravest_first), cut


def _findings(run: CampaignState, end: Ending, left_over: dict[str, LeftOver]) -> Iterator[Finding]:
    """Every distinct failure that is not accepted, made small; those met while shrinking are taken too.

    What an earlier run caused is put into `left_over` instead, by its fingerprint.
    """
    done: set[str] = set()
    max_runs = end.max_shrink_runs
    # Sorted, since the order of a set of texts differs from process to process, and with it what shrinking
    # comes to first.
    while left := [one for one in sorted(_new(run, end.baseline)) if one not in done]:
        done |= set(left)
        known = dict(run.known)
        tasks = [
            ShrinkTask(run.found[one], one, max_runs, known, run.usual(one), run.largest.get(one))
            if one not in end.stored.proven
            else ShrinkTask(run.found[one], one, 0, known)
            for one in left
        ]
        for number, (task, shrunk) in enumerate(zip(tasks, run.executor.shrink(tasks), strict=True)):
            if max_runs:
                run.tell("shrink", len(done) - len(left) + number, len(done))
            run.runs += shrunk.runs
            for other, plan in shrunk.others.items():
                # Another failure that a smaller plan showed: it is made small in the next round.
                run.found.setdefault(other, plan)
            violation = _violation(run, task, shrunk)
            if violation is not None and not shrunk.came_back:
                seen = run.seen_in[task.fingerprint].bit_count()
                left_over[task.fingerprint] = LeftOver(
                    violation=violation, plan=str(shrunk.plan), examples=seen
                )
            elif violation is not None:
                failure = _failure(run, task, shrunk, violation, end)
                yield Finding(
                    failure,
                    shrunk.outcome,
                    run.seen_in[task.fingerprint],
                    shrunk.steps,
                    reproduced=shrunk.reproduced,
                )


def _new(run: CampaignState, baseline: Baseline) -> set[str]:
    """The failures met that are not accepted."""
    return set(run.found) - {one.fingerprint for one in baseline.in_force(run.subject.name, run.found)}


def _gravest_first(finding: Finding) -> tuple[int, bool, int, str]:
    """By oracle; within one, what changed something before what happened to come out the same."""
    violation, failure = finding.failure.violation, finding.failure
    gravity = gravity_of(violation)
    return gravity, violation.before == violation.after, len(failure.plan), failure.fingerprint


def _violation(run: CampaignState, task: ShrinkTask, shrunk: ShrinkResult) -> Violation | None:
    """What failed: as the last run shows it, else as it was seen; None where it was only met while shrinking."""
    shown = (one for one in shrunk.outcome.errors if one.fingerprint == task.fingerprint)
    return next(shown, None) or run.violations.get(task.fingerprint)


def _failure(
    run: CampaignState, task: ShrinkTask, shrunk: ShrinkResult, violation: Violation, end: Ending
) -> Failure:
    proven = end.stored.proven.get(task.fingerprint)
    if proven is not None and proven.plan == shrunk.plan:
        return proven.model_copy(update={"violation": violation})
    return failure_of(
        run.subject,
        violation,
        shrunk.plan,
        seed=end.seed,
        smallest=shrunk.smallest,
        checks=shrunk.checks,
        runs_seen=run.seen_in[task.fingerprint].bit_count(),
    )


def _figures(run: CampaignState, space: Space, *, corpus_runs: int, shrink_runs: int) -> Figures:
    verdicts = run.judged.verdicts
    return Figures(
        examples=run.examples,
        ok=verdicts[Verdict.PASS],
        failures=verdicts[Verdict.FAIL],
        undecided=verdicts[Verdict.UNDECIDED],
        not_tested=verdicts[Verdict.NOT_TESTED],
        errors=verdicts[Verdict.HARNESS_ERROR],
        clean_runs=CLEAN_RUNS,
        corpus_runs=corpus_runs,
        shrink_runs=shrink_runs,
        singles_run=len(run.singles_run & space.singles),
        singles_covered=len(run.singles & space.singles),
        singles_total=len(space.singles),
        pairs_covered=len(run.pairs),
        pairs_total=space.pairs_total,
        fired=dict(sorted(run.fired.items())),
        no_site=space.without_site,
        seconds=run.stopwatch.seconds,
    )


def _undecided_plans(run: CampaignState) -> Iterator[UndecidedPlan]:
    name = run.subject.name
    for reason, examples in run.reasons.most_common():
        yield UndecidedPlan(
            id=failure_id(name, run.open[reason].to_json(), letter="U"),
            scenario=name,
            target=run.subject.target,
            reason=reason,
            plan=run.open[reason],
            examples=examples,
        )
