"""A campaign: collects every distinct failure of a scenario within a budget, then makes each small."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from random import Random
from time import perf_counter

from agent_chaos.chaos.plan import Plan
from agent_chaos.oracles.oracle import Violation
from agent_chaos.oracles.verdict import Outcome, Verdict
from agent_chaos.search.campaign import (
    Campaign,
    Failure,
    Figures,
    Finding,
    Listener,
    Phase,
    Progress,
    Subject,
)
from agent_chaos.search.corpus import Corpus, failure_of
from agent_chaos.search.memo import Memo
from agent_chaos.search.schedule import SINGLES_SHARE, TAIL_SHARE, Covering, pairs_of, singles
from agent_chaos.search.shrink import DEFAULT_MAX_RUNS, shrink
from agent_chaos.search.space import Space, singles_of

_CLEAN_RUNS = 3
_GRAVEST_FIRST = (
    "unfinished_tool_call",
    "argument_fidelity",
    "duplicate_side_effect",
    "swallowed_error",
    "silent_truncation",
    "duplicate_text",
    "internals_leak",
    "transparent_outcome",
    "empty_answer",
    "termination",
    "unhandled_exception",
    "retry_discipline",
    "amplification",
    "cost_amplification",
    "leaks",
)
"""What did harm without a word comes before what stopped the agent."""

_STALE_DRAWS = 50


class _Run:
    """The state of a campaign: what ran, how it ended, what it covered."""

    def __init__(
        self, subject: Subject, max_examples: int, max_time_s: float | None, listener: Listener
    ) -> None:
        self.started = perf_counter()
        self.memo = Memo(subject)
        self.subject = subject
        self.max_examples = max_examples
        self._end = None if max_time_s is None else self.started + max_time_s
        self._listener = listener
        self.verdicts: Counter[Verdict] = Counter()
        self.fired: Counter[str] = Counter()
        self.reasons: Counter[str] = Counter()
        self.found: dict[str, tuple[Plan, Outcome]] = {}
        self.singles: set[tuple[str, str]] = set()
        self.pairs: set[frozenset[tuple[str, str]]] = set()
        self.first_error = ""
        self.seen: set[str] = set()
        self.outcomes: list[Outcome] = []

    @property
    def examples(self) -> int:
        return self.verdicts.total()

    @property
    def over(self) -> bool:
        return self.examples >= self.max_examples or (self._end is not None and perf_counter() >= self._end)

    def example(self, plan: Plan) -> Outcome:
        """Runs a plan and counts it as an example; a repeated one is known and does not count."""
        if plan.to_json() in self.seen:
            return self.memo(plan)
        self.seen.add(plan.to_json())
        outcome = self.memo(plan)
        self._count(plan, outcome)
        self.tell("search", self.examples, self.max_examples)
        return outcome

    def _count(self, plan: Plan, outcome: Outcome) -> None:
        self.verdicts[outcome.verdict] += 1
        self.outcomes.append(outcome)
        fired = Plan.of(outcome.trace.fired)
        self.fired.update({fault.kind for _, fault in outcome.trace.fired})
        self.singles |= singles_of(fired)
        self.pairs |= pairs_of(fired)
        if outcome.verdict is Verdict.INCONCLUSIVE:
            self.reasons[outcome.reason] += 1
        if outcome.verdict is Verdict.ERROR:
            self.first_error = self.first_error or outcome.reason
        self.note(plan, outcome)

    def note(self, plan: Plan, outcome: Outcome) -> None:
        """Keeps the plan with the fewest faults seen for each failure; of equals the first, the most telling one."""
        for fingerprint in outcome.fingerprints:
            known = self.found.get(fingerprint)
            if known is None or len(plan) < len(known[0]):
                self.found[fingerprint] = (plan, outcome)

    def tell(self, phase: Phase, done: int, total: int) -> None:
        seconds = perf_counter() - self.started
        failures = self.verdicts[Verdict.FAIL]
        self._listener(Progress(phase, done, total, failures, seconds, tuple(self.found)))


def fuzz(
    subject: Subject,
    *,
    max_examples: int = 200,
    seed: int = 0,
    max_time_s: float | None = None,
    corpus: Corpus | None = None,
    listener: Listener = lambda progress: None,
    max_shrink_runs: int = DEFAULT_MAX_RUNS,
) -> Campaign:
    """Searches a prepared scenario. Failing examples never stop it; Ctrl-C ends it with what was found.

    Args:
        max_examples: search trials; clean, stored, shrinking and confirming runs are counted apart.
        max_time_s: real seconds after which the search ends; shrinking still happens.
        corpus: stored failures, run first and kept up to date; none are stored without it.
    """
    run = _Run(subject, max_examples, max_time_s, listener)
    findings: list[Finding] = []
    space, interrupted, corpus_runs = Space.of(subject.clean), False, 0
    try:
        corpus_runs = _stored(run, corpus)
        space = _search(run, space, seed)
    except KeyboardInterrupt:
        interrupted = True
    searched = run.memo.runs
    try:
        findings.extend(_findings(run, seed, max_shrink_runs))
    except KeyboardInterrupt:
        interrupted = True
    findings.sort(key=_gravest_first)
    if corpus is not None:
        for finding in findings:
            corpus.save(finding.failure)
    return Campaign(
        scenario=subject.name,
        seed=seed,
        clean=subject.clean,
        figures=_figures(run, space, corpus_runs, run.memo.runs - searched, len(findings)),
        findings=tuple(findings),
        first_error=run.first_error,
        undecided_reasons=tuple(run.reasons.most_common()),
        tools_run_for_real=tuple(getattr(subject, "tools_run_for_real", ())),
        interrupted=interrupted,
    )


def _stored(run: _Run, corpus: Corpus | None) -> int:
    """Runs the stored failures of this scenario; what fails still is found without a search."""
    stored = [one for one in corpus.load_all() if one.scenario == run.subject.name] if corpus else []
    for number, failure in enumerate(stored):
        outcome = run.memo(failure.plan)
        run.note(failure.plan, outcome)
        run.tell("corpus", number + 1, len(stored))
    return len(stored)


def _search(run: _Run, space: Space, seed: int) -> Space:
    """Singles, then sites that faults created, then combinations, then the tail, then combinations again."""
    rng = Random(seed)
    _run_all(run, singles(space, rng), round(run.max_examples * SINGLES_SHARE))
    space = space.extended(outcome.trace for outcome in run.outcomes)
    covering = Covering(space, rng)
    _cover(run, covering, run.max_examples - round(run.max_examples * TAIL_SHARE))
    _draw(run, space, seed)
    _cover(run, covering, run.max_examples)
    return space


def _run_all(run: _Run, plans: Iterable[Plan], until: int) -> None:
    for plan in plans:
        if run.over or run.examples >= until:
            return
        run.example(plan)


def _cover(run: _Run, covering: Covering, until: int) -> None:
    stale = 0
    while not run.over and run.examples < until and stale < _STALE_DRAWS:
        plan, before = covering.next(), run.examples
        if not len(plan):
            return
        outcome = run.example(plan)
        stale = 0 if run.examples > before else stale + 1
        covering.covered(plan, died_early=len(outcome.trace.fired) <= 1)


def _draw(run: _Run, space: Space, seed: int) -> None:
    from agent_chaos.search import tail

    def step(plan: Plan) -> Outcome | None:
        return None if run.over else run.example(plan)

    total, drawn = round(run.max_examples * TAIL_SHARE), space.of_replies
    for number, size in enumerate(_slices(total, tail.SLICE)):
        if not run.over and drawn.menus:
            tail.draw(drawn, size, seed * 1_000 + number, step)


def _slices(total: int, size: int) -> Iterator[int]:
    for start in range(0, total, size):
        yield min(size, total - start)


def _findings(run: _Run, seed: int, max_runs: int) -> Iterator[Finding]:
    """Every distinct failure, made small; those met while shrinking are taken too."""
    done: set[str] = set()
    while left := [one for one in sorted(run.found) if one not in done]:
        for number, fingerprint in enumerate(left):
            run.tell("shrink", len(done) + number, len(run.found))
            plan, _ = run.found[fingerprint]
            shrunk = shrink(run.subject, plan, fingerprint, max_runs=max_runs, memo=run.memo)
            for other, (where, outcome) in shrunk.others.items():
                run.found.setdefault(other, (where, outcome))
            violation = next(v for v in shrunk.outcome.violations if v.fingerprint == fingerprint)
            failure = _failure(run, violation, shrunk.plan, seed, shrunk.smallest, shrunk.checks)
            done.add(fingerprint)
            yield Finding(failure, shrunk.outcome)


def _gravest_first(finding: Finding) -> tuple[int, bool, int, str]:
    """By oracle; within one, what changed something before what happened to come out the same."""
    violation, failure = finding.failure.violation, finding.failure
    known = violation.oracle in _GRAVEST_FIRST
    rank = _GRAVEST_FIRST.index(violation.oracle) if known else len(_GRAVEST_FIRST)
    return rank, violation.before == violation.after, len(failure.plan), failure.fingerprint


def _failure(run: _Run, violation: Violation, plan: Plan, seed: int, smallest: bool, checks: int) -> Failure:
    seen = sum(violation.fingerprint in outcome.fingerprints for outcome in run.outcomes)
    return failure_of(
        run.subject, violation, plan, seed=seed, smallest=smallest, checks=checks, runs_seen=max(1, seen)
    )


def _figures(run: _Run, space: Space, corpus_runs: int, shrink_runs: int, distinct: int) -> Figures:
    return Figures(
        examples=run.examples,
        ok=run.verdicts[Verdict.PASS],
        failures=run.verdicts[Verdict.FAIL],
        distinct=distinct,
        undecided=run.verdicts[Verdict.INCONCLUSIVE],
        not_tested=run.verdicts[Verdict.VACUOUS],
        errors=run.verdicts[Verdict.ERROR],
        clean_runs=_CLEAN_RUNS,
        corpus_runs=corpus_runs,
        shrink_runs=shrink_runs,
        singles_covered=len(run.singles & space.singles),
        singles_total=len(space.singles),
        pairs_covered=len(run.pairs),
        pairs_total=space.pairs_total,
        fired=dict(sorted(run.fired.items())),
        no_site=space.without_site,
        seconds=perf_counter() - run.started,
    )
