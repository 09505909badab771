"""A campaign: collects every distinct failure of a scenario within a budget, then makes each small."""

from __future__ import annotations

from collections.abc import Iterator
from time import perf_counter

from agent_chaos.faults.plan import Plan
from agent_chaos.oracles.oracle import Violation
from agent_chaos.oracles.registry import gravity_of
from agent_chaos.oracles.verdict import Verdict
from agent_chaos.search.campaign import (
    Campaign,
    Failure,
    Figures,
    Finding,
    Judged,
    Listener,
    Subject,
    UndecidedPlan,
)
from agent_chaos.search.campaign_state import Tally
from agent_chaos.search.corpus.accepted import NOTHING, Baseline
from agent_chaos.search.corpus.stored import Corpus, failure_id, failure_of
from agent_chaos.search.coverage import coverage
from agent_chaos.search.phases import completed, exhausted, searched
from agent_chaos.search.scope import EVERYTHING, Scope
from agent_chaos.search.shrink import DEFAULT_MAX_RUNS, shrink
from agent_chaos.search.space import Space

_CLEAN_RUNS = 3


def fuzz(
    subject: Subject,
    *,
    max_examples: int = 200,
    seed: int = 0,
    max_time_s: float | None = None,
    corpus: Corpus | None = None,
    listener: Listener = lambda progress: None,
    max_shrink_runs: int = DEFAULT_MAX_RUNS,
    scope: Scope = EVERYTHING,
    baseline: Baseline = NOTHING,
    until_covered: bool = False,
    exhaustive: bool = False,
) -> Campaign:
    """Searches a prepared scenario. Failing examples never stop it; Ctrl-C ends it with what was found.

    Args:
        max_examples: search trials; clean, stored, shrinking and confirming runs are counted apart.
        max_time_s: real seconds after which the search ends; shrinking still happens.
        corpus: stored failures, run first and kept up to date; none are stored without it.
        scope: the faults to use.
        baseline: failures that are known and accepted: they are told, and are no findings.
        until_covered: goes on past `max_examples` until every single fault was run.
        exhaustive: instead of searching, runs every single fault at every site at the edges of its numbers.
    """
    run = Tally(subject, max_examples, max_time_s, listener)
    findings: list[Finding] = []
    space, interrupted, corpus_runs, planned = Space.of(subject.clean, scope), False, 0, 0
    run.note(Plan(), subject.clean_outcome)  # what is wrong without any fault is a failure of no fault
    try:
        corpus_runs = _stored(run, corpus, scope)
        if exhaustive:
            planned = exhausted(run, space)
        else:
            space = searched(run, space, seed)
        if until_covered:
            completed(run, space, seed)
    except KeyboardInterrupt:
        interrupted = True
    before = run.memo.runs
    try:
        # After Ctrl-C nobody waits for small plans: what was found is told as it was found.
        effort = 0 if interrupted else max_shrink_runs
        findings.extend(_findings(run, seed, effort, scope, baseline))
    except KeyboardInterrupt:
        interrupted = True
        told = {one.failure.fingerprint for one in findings}
        rest = _findings(run, seed, 0, scope, baseline)
        findings.extend(one for one in rest if one.failure.fingerprint not in told)
    accepted = baseline.in_force(subject.name, run.found)
    findings.sort(key=_gravest_first)
    if corpus is not None:
        for finding in findings:
            corpus.save(finding.failure)
    return Campaign(
        scenario=subject.name,
        seed=seed,
        clean=subject.clean,
        figures=_figures(run, space, corpus_runs=corpus_runs, shrink_runs=run.memo.runs - before).model_copy(
            update={"distinct": len(findings), "accepted": len(accepted), "exhaustive": planned}
        ),
        findings=tuple(findings),
        judged=tuple(Judged.of(outcome, subject.clean) for outcome in run.outcomes),
        first_error=run.first_error,
        undecided_reasons=tuple(run.reasons.most_common()),
        undecided_plans=tuple(_undecided_plans(run)),
        warnings=tuple(
            sorted(run.warned.values(), key=lambda one: (-one.examples, one.violation.fingerprint))
        ),
        tools_run_for_real=tuple(getattr(subject, "tools_run_for_real", ())),
        interrupted=interrupted,
        until_covered=until_covered,
        selected=scope.rules is not None,
        coverage=coverage(run, space),
        accepted=accepted,
        expired=baseline.expired(subject.name, run.found),
    )


def _undecided_plans(run: Tally) -> Iterator[UndecidedPlan]:
    name = run.subject.name
    for reason, examples in run.reasons.most_common():
        yield UndecidedPlan(
            id=failure_id(name, reason, letter="U"),
            scenario=name,
            target=getattr(run.subject, "target", name),
            reason=reason,
            plan=run.open[reason],
            examples=examples,
        )


def _stored(run: Tally, corpus: Corpus | None, scope: Scope) -> int:
    """Runs the stored failures of this scenario; what fails still is found without a search.

    Where faults were chosen, only those that consist of them.
    """
    stored = [one for one in corpus.load_all() if one.scenario == run.subject.name] if corpus else []
    if scope.rules is not None:
        stored = [one for one in stored if all(f.fault.kind in scope.by_kind for f in one.plan.faults)]
    for number, failure in enumerate(stored):
        outcome = run.memo(failure.plan)
        run.note(failure.plan, outcome)
        run.tell("corpus", number + 1, len(stored))
    return len(stored)


def _findings(run: Tally, seed: int, max_runs: int, scope: Scope, baseline: Baseline) -> Iterator[Finding]:
    """Every distinct failure that is not accepted, made small; those met while shrinking are taken too."""
    done: set[str] = set()
    while left := [one for one in sorted(_new(run, baseline)) if one not in done]:
        for number, fingerprint in enumerate(left):
            if max_runs:
                run.tell("shrink", len(done) + number, len(_new(run, baseline)))
            plan, _ = run.found[fingerprint]
            shrunk = shrink(run.subject, plan, fingerprint, max_runs=max_runs, memo=run.memo, scope=scope)
            for other, (where, outcome) in shrunk.others.items():
                run.found.setdefault(other, (where, outcome))
            violation = next(v for v in shrunk.outcome.violations if v.fingerprint == fingerprint)
            failure = _failure(run, violation, shrunk.plan, seed, shrunk.smallest, shrunk.checks)
            done.add(fingerprint)
            yield Finding(failure, shrunk.outcome)


def _new(run: Tally, baseline: Baseline) -> set[str]:
    """The failures met that are not accepted."""
    return set(run.found) - {one.fingerprint for one in baseline.in_force(run.subject.name, run.found)}


def _gravest_first(finding: Finding) -> tuple[int, bool, int, str]:
    """By oracle; within one, what changed something before what happened to come out the same."""
    violation, failure = finding.failure.violation, finding.failure
    gravity = gravity_of(violation)
    return gravity, violation.before == violation.after, len(failure.plan), failure.fingerprint


def _failure(run: Tally, violation: Violation, plan: Plan, seed: int, smallest: bool, checks: int) -> Failure:
    seen = sum(violation.fingerprint in outcome.fingerprints for outcome in run.outcomes)
    return failure_of(
        run.subject, violation, plan, seed=seed, smallest=smallest, checks=checks, runs_seen=max(1, seen)
    )


def _figures(run: Tally, space: Space, *, corpus_runs: int, shrink_runs: int) -> Figures:
    return Figures(
        examples=run.examples,
        ok=run.verdicts[Verdict.PASS],
        failures=run.verdicts[Verdict.FAIL],
        undecided=run.verdicts[Verdict.UNDECIDED],
        not_tested=run.verdicts[Verdict.NOT_TESTED],
        errors=run.verdicts[Verdict.HARNESS_ERROR],
        clean_runs=_CLEAN_RUNS,
        corpus_runs=corpus_runs,
        shrink_runs=shrink_runs,
        singles_run=len(run.singles_run & space.singles),
        singles_covered=len(run.singles & space.singles),
        singles_total=len(space.singles),
        pairs_covered=len(run.pairs),
        pairs_total=space.pairs_total,
        fired=dict(sorted(run.fired.items())),
        no_site=space.without_site,
        seconds=perf_counter() - run.started,
    )
