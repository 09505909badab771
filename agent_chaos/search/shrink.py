"""Makes any failing plan small, through one path: drop faults, let Hypothesis shrink, check every neighbour.

"Smallest" means that every single removal and every single softening was run and does not fail the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from agent_chaos.faults.plan import Placed, Plan
from agent_chaos.oracles.verdict import Outcome
from agent_chaos.search.campaign import Subject
from agent_chaos.search.interrupt import ctrl_c_counts
from agent_chaos.search.memo import Memo
from agent_chaos.search.scope import EVERYTHING, Scope
from agent_chaos.search.space import Menu, Space

DEFAULT_MAX_RUNS = 400
_CONFIRMATIONS = 3

Fails = Callable[[Plan], bool]


@dataclass(frozen=True)
class Shrunk:
    """The result: the plan, its outcome, and how sure it is.

    `smallest`: every neighbour was run and passes. `checks`: how many neighbours that were. `runs`: trials spent.
    `reproduced`: the plan failed again in three fresh runs. `others`: other failures met on the way, by fingerprint.
    """

    plan: Plan
    outcome: Outcome
    smallest: bool
    checks: int
    runs: int
    reproduced: bool
    others: dict[str, tuple[Plan, Outcome]]


class _Budget:
    """Runs plans while there is budget left; what cannot be run any more counts as passing."""

    def __init__(self, memo: Memo, fingerprint: str, max_runs: int) -> None:
        self.memo = memo
        self._fingerprint = fingerprint
        self._end = memo.runs + max_runs
        self.spent = False
        self.others: dict[str, tuple[Plan, Outcome]] = {}

    def fails(self, plan: Plan) -> bool:
        """Whether the plan fails the same way."""
        if self.memo.known(plan) is None and self.memo.runs >= self._end:
            self.spent = True
            return False
        outcome = self.memo(plan)
        for other in outcome.fingerprints - {self._fingerprint}:
            self.others.setdefault(other, (plan, outcome))
        return self._fingerprint in outcome.fingerprints


def shrink(
    subject: Subject,
    plan: Plan,
    fingerprint: str,
    *,
    max_runs: int = DEFAULT_MAX_RUNS,
    memo: Memo | None = None,
    scope: Scope = EVERYTHING,
) -> Shrunk:
    """The smallest plan that still fails by `fingerprint`, as far as `max_runs` trials go.

    Without any trials the plan is left as it is. It stays within `scope` where it was found there; a plan from elsewhere is made as small as any.
    """
    memo = memo or Memo(subject)
    before = memo.runs
    budget = _Budget(memo, fingerprint, max_runs)
    if not budget.fails(plan):
        return Shrunk(plan, memo(plan), False, 0, memo.runs - before, False, budget.others)
    if max_runs == 0:
        return Shrunk(plan, memo(plan), False, 0, memo.runs - before, False, {})
    fired = Plan.of(memo(plan).trace.fired)
    plan = fired if budget.fails(fired) else plan
    inside = scope if all(placed.fault.kind in scope.by_kind for placed in plan.faults) else EVERYTHING
    space = memo.space(inside).extended([memo(plan).trace])
    plan = _alone(space, _dropped(plan, budget.fails), budget.fails)
    plan = _by_hypothesis(space, plan, budget.fails)
    plan, checks = _settled(space, _dropped(plan, budget.fails), budget.fails)
    with ctrl_c_counts():
        confirming = [subject.trial(plan) for _ in range(_CONFIRMATIONS)]
    reproduced = all(fingerprint in outcome.fingerprints for outcome in confirming)
    outcome = confirming[0] if reproduced else memo(plan)
    runs = memo.runs - before + _CONFIRMATIONS
    smallest = not budget.spent and reproduced
    return Shrunk(plan, outcome, smallest, checks, runs, reproduced, budget.others)


def _dropped(plan: Plan, fails: Fails) -> Plan:
    """The plan less every fault it fails without, tried one at a time from the last."""
    index = len(plan) - 1
    while index >= 0:
        plan = next((one for one in _less(plan, index) if len(one) and fails(one)), plan)
        index = min(index, len(plan)) - 1
    return plan


def _alone(space: Space, plan: Plan, fails: Fails) -> Plan:
    """One fault of the plan at its strongest, where that does what they do together; what only adds up is one cause."""
    for placed in plan.faults if len(plan) > 1 else ():
        menu = space.menu(placed.fault.kind)
        strongest = {name: high for name, _, high in menu.numbers} if menu is not None else {}
        alone = Plan(faults=(placed.model_copy(update={"fault": placed.fault.model_copy(update=strongest)}),))
        if strongest and fails(alone):
            return alone
    return plan


def _less(plan: Plan, index: int) -> Iterator[Plan]:
    """The plan without one fault; also with later servings of its exchange moved up, where it had caused a retry."""
    yield plan.without(index)
    gone = plan.faults[index].site
    moved = [
        (
            one.site.model_copy(update={"serving": one.site.serving - 1})
            if (one.site.of, one.site.index) == (gone.of, gone.index) and one.site.serving > gone.serving
            else one.site,
            one.fault,
        )
        for i, one in enumerate(plan.faults)
        if i != index
    ]
    if any(site != one.site for (site, _), one in zip(moved, plan.without(index).faults, strict=True)):
        yield Plan.of(moved)


def _settled(space: Space, plan: Plan, fails: Fails) -> tuple[Plan, int]:
    """A plan none of whose neighbours fails, and how many those are; a single fault has the clean run for one."""
    while True:
        around = list(neighbours(space, plan))
        smaller = next((one for one in around if fails(one)), None)
        if smaller is None:
            return plan, len(around) + (len(plan) == 1)
        plan = _dropped(smaller, fails)


def neighbours(space: Space, plan: Plan) -> Iterator[Plan]:
    """Every plan that is one removal or one softening away; the empty plan is not one."""
    seen = {plan.to_json()}
    for index in range(len(plan)) if len(plan) > 1 else ():
        yield from _less(plan, index)
    for index, placed in enumerate(plan.faults):
        menu = space.menu(placed.fault.kind)
        for softer in _softer(menu, placed) if menu is not None else ():
            changed = _replaced(plan, index, softer)
            if changed is not None and changed.to_json() not in seen:
                seen.add(changed.to_json())
                yield changed


def _softer(menu: Menu, placed: Placed) -> Iterator[Placed]:
    """The fault with one thing milder: a number at its bound or one less, an earlier opening or site."""
    values = [getattr(placed.fault, name) for name, _, _ in menu.numbers]
    at = menu.entry_of(placed)
    if at is not None:
        entry = menu.entries[at]
        for other in menu.entries[:at]:
            if other.site == entry.site or other.choice == entry.choice:
                yield menu.placed(other, values)
    for i, (name, low, _) in enumerate(menu.numbers):
        for value in dict.fromkeys((low, low + (values[i] - low) // 2, values[i] - 1)):
            if low <= value < values[i]:
                yield placed.model_copy(update={"fault": placed.fault.model_copy(update={name: value})})


def _replaced(plan: Plan, index: int, placed: Placed) -> Plan | None:
    others = [one for i, one in enumerate(plan.faults) if i != index]
    if any(one.key == placed.key for one in others):
        return None
    return Plan(faults=(*others, placed))


def _by_hypothesis(space: Space, plan: Plan, fails: Fails) -> Plan:
    """What Hypothesis makes of the plan; the plan itself where it lies outside of the space."""
    from agent_chaos.search.strategies import choices

    encoded = choices(space, plan)
    return plan if encoded is None else _shrunk_by_hypothesis(space, plan, encoded, fails)


def _shrunk_by_hypothesis(space: Space, plan: Plan, encoded: tuple[Any, ...], fails: Fails) -> Plan:
    """Serves the encoded plan from a database under the key whose entries are shrunk, and lets it be shrunk."""
    from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings

    from agent_chaos.search.constants import no_local_constants
    from agent_chaos.search.single_example import Seeded
    from agent_chaos.search.strategies import placed_lists, plan_of

    def body(placed: list[Placed]) -> None:
        drawn = plan_of(placed)
        if len(drawn) and fails(drawn):
            raise StillFails(drawn)

    search = settings(
        database=Seeded(encoded),
        phases=[Phase.reuse, Phase.shrink],
        deadline=None,
        derandomize=False,
        report_multiple_bugs=False,
        verbosity=Verbosity.quiet,
        print_blob=False,
        suppress_health_check=list(HealthCheck),
    )(seed(0)(given(placed_lists(space))(body)))
    try:
        with no_local_constants():
            search()
    except StillFails as found:
        return min((plan, found.plan), key=lambda one: (len(one), one is plan))
    return plan


class StillFails(Exception):
    """Raised inside Hypothesis by a plan that still fails."""

    def __init__(self, plan: Plan) -> None:
        super().__init__(str(plan))
        self.plan = plan
