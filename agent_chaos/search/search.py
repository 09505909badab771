"""A campaign: collects every distinct failure of a scenario within a budget, then makes each small."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from time import perf_counter

from agent_chaos.faults.plan import Plan, Site
from agent_chaos.oracles.oracle import Violation
from agent_chaos.oracles.registry import gravity_of
from agent_chaos.oracles.verdict import Verdict
from agent_chaos.search.campaign import (
    Campaign,
    Failure,
    Figures,
    Finding,
    Listener,
    Subject,
    UndecidedPlan,
)
from agent_chaos.search.campaign_state import CampaignState
from agent_chaos.search.corpus.baseline import NOTHING, Baseline
from agent_chaos.search.corpus.failure_files import Corpus, failure_id, failure_of, is_proven
from agent_chaos.search.corpus.journal import Journal
from agent_chaos.search.coverage import coverage
from agent_chaos.search.example import examined
from agent_chaos.search.executors.executor import Executor
from agent_chaos.search.executors.inline import Inline
from agent_chaos.search.exhaustive import KnownPlans, edges, left_over
from agent_chaos.search.group_testing import GroupTesting
from agent_chaos.search.loop import drive
from agent_chaos.search.scope import EVERYTHING, Scope
from agent_chaos.search.shrink import DEFAULT_MAX_RUNS, ShrinkResult, ShrinkTask
from agent_chaos.search.space import Space

_CLEAN_RUNS = 3


def find_failures(
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
    until_stale: int | None = None,
    exhaustive: bool = False,
    executor: Executor | None = None,
) -> Campaign:
    """Searches a prepared scenario. Failing examples never stop it; Ctrl-C ends it with what was found.

    Args:
        max_examples: search trials; clean, stored, shrinking and confirming runs are counted apart.
        max_time_s: real seconds after which the search ends; shrinking still happens.
        corpus: stored failures, run first and kept up to date; a new one is stored as soon as it is met, and again once
            it is small. None are stored without it.
        scope: the faults to use.
        baseline: failures that are known and accepted: they are told, and are no findings.
        until_covered: goes on past `max_examples` until every single fault was run.
        until_stale: ends the search once so many examples in a row showed no new failure, and no new way for a run to go.
        exhaustive: instead of searching, runs every single fault at every site at the edges of its numbers.
    """
    space = Space.of(subject.clean, scope)
    journal = Journal(corpus, subject, baseline, seed)
    executor = executor or Inline(subject, space)
    run = CampaignState(subject, executor, max_examples, max_time_s, listener, journal.met)
    run.note(
        examined(Plan(), subject.clean_outcome, space, subject.clean)
    )  # what is wrong without a fault is a failure of no fault
    search = GroupTesting(space, seed)
    findings: list[Finding] = []
    interrupted, stored, planned = False, _Stored(), 0
    try:
        stored = _stored(run, corpus, scope)
        if exhaustive:
            plans = edges(space)
            run.total = planned = len(plans)
            drive(run, KnownPlans(iter(plans)), planned)
        else:
            drive(run, search, max_examples, until_stale)
            space = space.extended(search.knowledge.counted)
        if until_covered:
            _complete(run, space, search.knowledge.leading)
    except KeyboardInterrupt:
        interrupted = True
    finally:
        search.close()
    before = run.runs
    try:
        # After Ctrl-C nobody waits for small plans: what was found is told as it was found.
        effort = 0 if interrupted else max_shrink_runs
        findings.extend(_findings(run, seed, effort, baseline, stored))
    except KeyboardInterrupt:
        interrupted = True
        told = {one.failure.fingerprint for one in findings}
        rest = _findings(run, seed, 0, baseline, stored)
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
        figures=_figures(run, space, corpus_runs=stored.runs, shrink_runs=run.runs - before).model_copy(
            update={"distinct": len(findings), "accepted": len(accepted), "exhaustive": planned}
        ),
        findings=tuple(findings),
        judged=tuple(run.judged),
        first_error=run.first_error,
        undecided_reasons=tuple(run.reasons.most_common()),
        undecided_plans=tuple(_undecided_plans(run)),
        warnings=tuple(
            sorted(run.warned.values(), key=lambda one: (-one.examples, one.violation.fingerprint))
        ),
        tools_run_for_real=subject.tools_run_for_real,
        interrupted=interrupted,
        until_covered=until_covered,
        selected=scope.rules is not None,
        coverage=coverage(run, space),
        accepted=accepted,
        expired=baseline.expired(subject.name, run.found),
    )


def _complete(run: CampaignState, space: Space, leading: Mapping[Site, Plan]) -> None:
    """Every single fault that did not fire yet, however many there are, until the time is up."""
    plans = left_over(space, frozenset(run.singles), leading)
    run.total = run.examples + len(plans)
    drive(run, KnownPlans(iter(plans)), run.total)


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


@dataclass(frozen=True)
class _Stored:
    """The stored failures that were run first: how many, and those that need no more than that run."""

    runs: int = 0
    proven: Mapping[str, Failure] = field(default_factory=dict)


def _stored(run: CampaignState, corpus: Corpus | None, scope: Scope) -> _Stored:
    """Runs the stored failures of this scenario; what fails still is found without a search.

    Where faults were chosen, only those that consist of them.
    """
    stored = [one for one in corpus.load_all() if one.scenario == run.subject.name] if corpus else []
    if scope.rules is not None:
        stored = [one for one in stored if all(f.fault.kind in scope.by_kind for f in one.plan.faults)]
    proven: dict[str, Failure] = {}
    examples = run.executor.examine([failure.plan for failure in stored])
    for number, (failure, example) in enumerate(zip(stored, examples, strict=True)):
        run.note(example)
        if failure.fingerprint in example.fingerprints and is_proven(failure, run.subject):
            proven[failure.fingerprint] = failure
            run.found[failure.fingerprint] = failure.plan
        run.tell("corpus", number + 1, len(stored))
    return _Stored(len(stored), proven)


def _findings(
    run: CampaignState, seed: int, max_runs: int, baseline: Baseline, stored: _Stored
) -> Iterator[Finding]:
    """Every distinct failure that is not accepted, made small; those met while shrinking are taken too."""
    done: set[str] = set()
    while left := [one for one in sorted(_new(run, baseline)) if one not in done]:
        done |= set(left)
        known = dict(run.known)
        tasks = [
            ShrinkTask(run.found[one], one, 0 if one in stored.proven else max_runs, known) for one in left
        ]
        for number, (task, shrunk) in enumerate(zip(tasks, run.executor.shrink(tasks), strict=True)):
            if max_runs:
                run.tell("shrink", len(done) - len(left) + number, len(done))
            run.runs += shrunk.runs
            for other, plan in shrunk.others.items():
                run.found.setdefault(other, plan)
            violation = _violation(run, task, shrunk)
            if violation is not None:
                yield Finding(_failure(run, task, shrunk, violation, seed, stored), shrunk.outcome)


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
    run: CampaignState,
    task: ShrinkTask,
    shrunk: ShrinkResult,
    violation: Violation,
    seed: int,
    stored: _Stored,
) -> Failure:
    proven = stored.proven.get(task.fingerprint)
    if proven is not None and proven.plan == shrunk.plan:
        return proven.model_copy(update={"violation": violation})
    return failure_of(
        run.subject,
        violation,
        shrunk.plan,
        seed=seed,
        smallest=shrunk.smallest,
        checks=shrunk.checks,
        runs_seen=max(1, run.times_seen[task.fingerprint]),
    )


def _figures(run: CampaignState, space: Space, *, corpus_runs: int, shrink_runs: int) -> Figures:
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
