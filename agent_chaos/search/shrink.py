"""Makes any failing plan small, through one path: fewer faults, milder kinds, earlier sites, least numbers.

It goes round until a whole round finds nothing smaller that fails the same way. What that round ran is what "smallest"
claims: every removal, every milder kind of the same family, every earlier place and opening, and for each number its
lower bound and the value below; where the upper bound passes, every value below, up to a limit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from agent_chaos.faults.plan import Plan
from agent_chaos.oracles.verdict import Outcome
from agent_chaos.search.campaign import ShrinkStep
from agent_chaos.search.memo import Memo
from agent_chaos.search.scope import EVERYTHING, Scope
from agent_chaos.search.shrink_steps import one_round
from agent_chaos.search.space import Space
from agent_chaos.search.subject import Subject

DEFAULT_MAX_RUNS = 400
_CONFIRMATIONS = 2
"""Fresh runs of what came out: a failure that comes every second time is not reproduced. Each comes after a run without faults:
agents keep state in their modules, and one that needs what a run with faults left there fails by that."""


@dataclass(frozen=True)
class ShrinkTask:
    """A failing plan to be made small; `known` is what failed, if anything, under plans that ran before, by their keys.

    `usual`: plans of one everyday fault each that may fail the same way by themselves, the likeliest first. `largest`: of the
    plans that failed so, the one with the most faults.
    """

    plan: Plan
    fingerprint: str
    max_runs: int = DEFAULT_MAX_RUNS
    known: Mapping[bytes, frozenset[str]] = field(default_factory=dict)
    usual: tuple[Plan, ...] = ()
    largest: Plan | None = None


@dataclass(frozen=True)
class ShrinkResult:
    """The result: the plan, its outcome, and how sure it is.

    `smallest`: a whole round of smaller plans was run, and none fails the same way. `checks`: how many those were. `runs`: trials spent.
    `reproduced`: the plan failed again in two runs, each after one without faults. `others`: plans of other failures met on the way. `steps`: the plan
    that was given, and every one that was tried in its place, in order, each once. `came_back`: one of those two runs showed it; where
    none did, runs before it left what it needs.
    """

    plan: Plan
    outcome: Outcome
    smallest: bool
    checks: int
    runs: int
    reproduced: bool
    others: dict[str, Plan]
    steps: tuple[ShrinkStep, ...] = ()
    came_back: bool = True


class _Budget:
    """Runs plans while there is budget left; what cannot be run any more counts as not failing."""

    def __init__(self, memo: Memo, fingerprint: str, max_runs: int) -> None:
        self.memo = memo
        self.fingerprint = fingerprint
        self._end = memo.runs + max_runs
        self.spent = False
        self.tried: set[bytes] = set()
        self.others: dict[str, Plan] = {}
        self.steps: dict[bytes, ShrinkStep] = {}

    def fails(self, plan: Plan) -> bool:
        """Whether the plan fails the same way."""
        if self.memo.known(plan) is None and self.memo.runs >= self._end:
            self.spent = True
            return False
        found = self.memo(plan)
        for other in found - {self.fingerprint}:
            self.others.setdefault(other, plan)
        self.tried.add(plan.key)
        self.steps.setdefault(plan.key, ShrinkStep(plan, tuple(sorted(found)), self.memo.verdict(plan)))
        return self.fingerprint in found


def smallest_plan(
    subject: Subject,
    plan: Plan,
    fingerprint: str,
    *,
    max_runs: int = DEFAULT_MAX_RUNS,
    known: Mapping[bytes, frozenset[str]] | None = None,
    scope: Scope = EVERYTHING,
    space: Space | None = None,
    usual: Sequence[Plan] = (),
    largest: Plan | None = None,
) -> ShrinkResult:
    """The smallest plan that still fails by `fingerprint`, as far as `max_runs` trials go; one of the `usual` plans in its place,
    where that fails the same way: what is met every day says more than what is met once.

    Without any trials the plan is left as it is. It stays within `scope` where it was found there; a plan from elsewhere is
    made as small as any. `space` is that of the subject's clean run within the scope, where it is known already.

    A plan may have failed by what earlier runs left in the agent's modules, and led away from one that fails by itself. Where what
    came out does not fail after a run without faults, the given plan and the `largest` are tried so, and made small so.
    """
    result = _made_small(subject, plan, fingerprint, max_runs, known, scope, space, usual)
    if result.came_back or max_runs == 0:
        return result
    memo = Memo(subject, afresh=True)
    for larger in dict.fromkeys((plan, largest or plan)):
        if fingerprint in memo.run(larger).fingerprints:
            again = _settled_and_confirmed(
                subject, larger, _Budget(memo, fingerprint, max_runs), scope, space
            )
            return replace(again, runs=result.runs + memo.runs, others=result.others | again.others)
    return replace(result, runs=result.runs + memo.runs)


def _made_small(
    subject: Subject,
    plan: Plan,
    fingerprint: str,
    max_runs: int,
    known: Mapping[bytes, frozenset[str]] | None,
    scope: Scope,
    space: Space | None,
    usual: Sequence[Plan],
) -> ShrinkResult:
    memo = Memo(subject, known)
    budget = _Budget(memo, fingerprint, max_runs)
    budget.steps[plan.key] = ShrinkStep(plan, (fingerprint,))
    if memo.known(plan) is None:
        first = memo.run(plan)
        if fingerprint not in first.fingerprints:
            return ShrinkResult(plan, first, False, 0, memo.runs, False, budget.others, came_back=False)
        fired = Plan.of(first.trace.fired)
        # First of all what did not fire goes, in one run instead of one for each.
        plan = fired if budget.fails(fired) else plan
    # Only shown, as after Ctrl-C, and for a stored failure that is smallest already.
    if max_runs == 0:
        shown, there = _after_a_clean_run(plan, memo, fingerprint)
        return ShrinkResult(plan, shown, False, 0, memo.runs, there, {}, came_back=there)
    plan = next((one for one in usual if budget.fails(one)), plan)
    return _settled_and_confirmed(subject, plan, budget, scope, space)


def _settled_and_confirmed(
    subject: Subject, plan: Plan, budget: _Budget, scope: Scope, space: Space | None
) -> ShrinkResult:
    memo = budget.memo
    smaller, checks = _settled(_space_around(plan, subject, scope, space), plan, budget)
    confirming = [_after_a_clean_run(smaller, memo, budget.fingerprint) for _ in range(_CONFIRMATIONS)]
    reproduced = all(there for _, there in confirming)
    shown, came_back = next((one for one in confirming if one[1]), confirming[0])
    smallest = reproduced and not budget.spent
    steps = tuple(budget.steps.values())
    return ShrinkResult(
        smaller, shown, smallest, checks, memo.runs, reproduced, budget.others, steps, came_back
    )


def _after_a_clean_run(plan: Plan, memo: Memo, fingerprint: str) -> tuple[Outcome, bool]:
    """The plan's run, and whether it shows a failure that the run without faults before it did not show."""
    # `run`, not the memo: what is known of a plan is what it did once.
    before = memo.run(Plan()).fingerprints if plan.faults else frozenset()
    outcome = memo.run(plan)
    return outcome, fingerprint in outcome.fingerprints - before


def _space_around(plan: Plan, subject: Subject, scope: Scope, space: Space | None) -> Space:
    """Where smaller plans are looked for: within the scope, and at every serving up to those that the plan names."""
    inside = all(placed.fault.kind in scope.by_kind for placed in plan.faults)
    if space is None or not inside:
        space = Space.of(subject.clean, scope if inside else EVERYTHING)
    return space.extended(
        (placed.site.model_copy(update={"serving": serving}), ())
        # Servings that only the failing run had: the space of the clean run knows the first serving of each
        # call alone.
        for placed in plan.faults
        for serving in range(placed.site.serving + 1)
    )


def _settled(space: Space, plan: Plan, budget: _Budget) -> tuple[Plan, int]:
    """A plan of which a whole round finds nothing smaller, and how many plans that round tried.

    A single fault has the run without faults for one more.
    """
    while True:
        budget.tried = set()
        smaller = one_round(space, plan, budget.fails)
        if smaller == plan:
            return plan, len(budget.tried - {plan.key}) + (len(plan) == 1)
        plan = smaller
