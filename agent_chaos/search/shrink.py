"""Makes any failing plan small, through one path: fewer faults, milder kinds, earlier sites, least numbers.

It goes round until a whole round finds nothing smaller that fails the same way. What that round ran is what "smallest"
claims: every removal, every milder kind of the same family, every earlier place and opening, and for each number its
lower bound and the value below; where the upper bound passes, every value below, up to a limit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from agent_chaos.faults.plan import Placed, Plan
from agent_chaos.oracles.verdict import Outcome
from agent_chaos.search.campaign import ShrinkStep
from agent_chaos.search.memo import Memo
from agent_chaos.search.numbers import spread_below
from agent_chaos.search.scope import EVERYTHING, Bounds, Scope
from agent_chaos.search.space import Menu, Space
from agent_chaos.search.subject import Subject

DEFAULT_MAX_RUNS = 400
_CONFIRMATIONS = 2
"""Fresh runs of what came out: a failure that comes every second time is not reproduced. Each comes after a run without faults:
agents keep state in their modules, and one that needs what a run with faults left there fails by that."""
_SCANNED = 128
"""How many values of a number are tried below one that fails, where larger ones pass."""

Fails = Callable[[Plan], bool]


@dataclass(frozen=True)
class ShrinkTask:
    """A failing plan to be made small; `known` is what failed, if anything, under plans that ran before, by their keys.

    `usual`: plans of one everyday fault each that may fail the same way by themselves, the likeliest first.
    """

    plan: Plan
    fingerprint: str
    max_runs: int = DEFAULT_MAX_RUNS
    known: Mapping[bytes, frozenset[str]] = field(default_factory=dict)
    usual: tuple[Plan, ...] = ()


@dataclass(frozen=True)
class ShrinkResult:
    """The result: the plan, its outcome, and how sure it is.

    `smallest`: a whole round of smaller plans was run, and all pass. `checks`: how many those were. `runs`: trials spent.
    `reproduced`: the plan failed again in two runs, each after one without faults. `others`: plans of other failures met on the way. `steps`: the plan
    that was given, and every one that was tried in its place, in order, each once.
    """

    plan: Plan
    outcome: Outcome
    smallest: bool
    checks: int
    runs: int
    reproduced: bool
    others: dict[str, Plan]
    steps: tuple[ShrinkStep, ...] = ()


class _Budget:
    """Runs plans while there is budget left; what cannot be run any more counts as passing."""

    def __init__(self, memo: Memo, fingerprint: str, max_runs: int) -> None:
        self._memo = memo
        self._fingerprint = fingerprint
        self._end = memo.runs + max_runs
        self.spent = False
        self.tried: set[bytes] = set()
        self.others: dict[str, Plan] = {}
        self.steps: dict[bytes, ShrinkStep] = {}

    def fails(self, plan: Plan) -> bool:
        """Whether the plan fails the same way."""
        if self._memo.known(plan) is None and self._memo.runs >= self._end:
            self.spent = True
            return False
        found = self._memo(plan)
        for other in found - {self._fingerprint}:
            self.others.setdefault(other, plan)
        self.tried.add(plan.key)
        self.steps.setdefault(plan.key, ShrinkStep(plan, tuple(sorted(found))))
        return self._fingerprint in found


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
) -> ShrinkResult:
    """The smallest plan that still fails by `fingerprint`, as far as `max_runs` trials go; one of the `usual` plans in its place,
    where that fails the same way: what is met every day says more than what is met once.

    Without any trials the plan is left as it is. It stays within `scope` where it was found there; a plan from elsewhere is
    made as small as any. `space` is that of the subject's clean run within the scope, where it is known already.
    """
    memo = Memo(subject, known)
    budget = _Budget(memo, fingerprint, max_runs)
    budget.steps[plan.key] = ShrinkStep(plan, (fingerprint,))
    if memo.known(plan) is None:
        first = memo.run(plan)
        if fingerprint not in first.fingerprints:
            return ShrinkResult(plan, first, False, 0, memo.runs, False, budget.others)
        fired = Plan.of(first.trace.fired)
        # First of all what did not fire goes, in one run instead of one for each.
        plan = fired if budget.fails(fired) else plan
    # Only shown, as after Ctrl-C, and for a stored failure that is smallest already.
    if max_runs == 0:
        shown = memo.run(plan)
        return ShrinkResult(plan, shown, False, 0, memo.runs, fingerprint in shown.fingerprints, {})
    plan = next((one for one in usual if budget.fails(one)), plan)
    smaller, checks = _settled(_space_around(plan, subject, scope, space), plan, budget)
    confirming = [_after_a_clean_run(smaller, memo) for _ in range(_CONFIRMATIONS)]
    reproduced = all(fingerprint in one.fingerprints for one in confirming)
    shown = next((one for one in confirming if fingerprint in one.fingerprints), confirming[0])
    smallest = reproduced and not budget.spent
    steps = tuple(budget.steps.values())
    return ShrinkResult(smaller, shown, smallest, checks, memo.runs, reproduced, budget.others, steps)


def _after_a_clean_run(plan: Plan, memo: Memo) -> Outcome:
    # `run`, not the memo: what is known of a plan is what it did once.
    if plan.faults:
        memo.run(Plan())
    return memo.run(plan)


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
        smaller = _round(space, plan, budget.fails)
        if smaller == plan:
            return plan, len(budget.tried - {plan.key}) + (len(plan) == 1)
        plan = smaller


def _round(space: Space, plan: Plan, fails: Fails) -> Plan:
    plan = _dropped(plan, fails)
    plan = _together(space, plan, fails)
    for step in (_kinds, _places, _numbers):
        for index in range(len(plan)):
            plan = step(space, plan, index, fails)
    return plan


def _dropped(plan: Plan, fails: Fails) -> Plan:
    """The plan less every fault it fails without, tried one at a time from the last."""
    # From the last: faults are met in the order of the run, and one that stands behind the failure has no
    # part in it.
    index = len(plan) - 1
    while index >= 0 and len(plan) > 1:
        plan = next((one for one in _less(plan, index) if fails(one)), plan)
        index = min(index, len(plan)) - 1
    return plan


def _less(plan: Plan, index: int) -> Iterator[Plan]:
    """The plan without one fault; also with later servings of its exchange moved up, where it had caused a retry."""
    # As it is first: mostly the removed fault did not cause the retry.
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


def _together(space: Space, plan: Plan, fails: Fails) -> Plan:
    """Fewer faults at their strongest, where those do what all of them did together: waits that add up are one cause."""
    for index in range(len(plan) - 1, -1, -1) if len(plan) > 1 else ():
        for fewer in _less(plan, index):
            strongest = Plan(faults=tuple(_strongest(space, placed) for placed in fewer.faults))
            if strongest != fewer and fails(strongest):
                # At their strongest, since numbers are made small afterwards: two waits of 20 s fail
                # together what one of 40 s fails alone.
                return _together(space, strongest, fails)
    return plan


def _strongest(space: Space, placed: Placed) -> Placed:
    menu = space.menu(placed.fault.kind)
    return _changed(placed, {name: high for name, _, high in menu.numbers}) if menu is not None else placed


def _kinds(space: Space, plan: Plan, index: int, fails: Fails) -> Plan:
    """The plan with a milder kind of the same family in place of one fault, at the same site: the mildest that fails."""
    placed = plan.faults[index]
    family = space.families.get(placed.fault.family, ())
    milder = iter(family[: next((i for i, m in enumerate(family) if m.kind == placed.fault.kind), 0)])
    instead = (
        # At its strongest: a milder kind is to fail at all, and `_numbers` lowers it afterwards.
        menu.placed(entry, [high for _, _, high in menu.numbers])
        for menu in milder
        for entry in menu.entries
        if entry.site == placed.site
    )
    return _first(plan, index, instead, fails)


def _places(space: Space, plan: Plan, index: int, fails: Fails) -> Plan:
    """The plan with one fault at an earlier site, or with an earlier opening at its own."""
    placed = plan.faults[index]
    menu = space.menu(placed.fault.kind)
    at = menu.entry_of(placed) if menu is not None else None
    if menu is None or at is None:
        return plan
    entry, values = menu.entries[at], _values(menu, placed)
    earlier = (
        menu.placed(one, values)
        for one in menu.entries
        if (one.site == entry.site and menu.entries.index(one) < at)
        or (one.choice == entry.choice and _order(space, one.site) < _order(space, entry.site))
    )
    return _first(plan, index, earlier, fails)


def _order(space: Space, site: object) -> tuple[int, str]:
    """Where a site stands in the run; retries behind the calls that the run has."""
    return (space.steps.index(site) if site in space.steps else len(space.steps), str(site))


def _numbers(space: Space, plan: Plan, index: int, fails: Fails) -> Plan:
    """The plan with each number of one fault at the least value that fails."""
    menu = space.menu(plan.faults[index].fault.kind)
    for bounds in menu.numbers if menu is not None else ():
        plan = _lowered(plan, index, bounds, fails)
    return plan


def _lowered(plan: Plan, index: int, bounds: Bounds, fails: Fails) -> Plan:
    name, low, high = bounds

    def with_value(value: int) -> Plan:
        return _replaced(plan, index, _changed(plan.faults[index], {name: value})) or plan

    value = int(getattr(plan.faults[index].fault, name))
    return with_value(_least(low, value, high, lambda number: fails(with_value(number))))


def _least(low: int, value: int, high: int, fails: Callable[[int], bool]) -> int:
    """The least value that fails: by halving where all larger ones do as well, else by trying those below."""
    # The lower bound first: most numbers do not matter for the failure, which one run shows.
    if value <= low or fails(low):
        return min(low, value)
    # Halving is right only where failing is monotone, which one run at the upper end tells: a place to cut
    # a reply at is not.
    if value < high and not fails(high):
        return next((one for one in spread_below(low, value, _SCANNED) if fails(one)), value)
    passes = low
    while value - passes > 1:
        middle = (passes + value) // 2
        passes, value = (passes, middle) if fails(middle) else (middle, value)
    return value


def _first(plan: Plan, index: int, instead: Iterable[Placed], fails: Fails) -> Plan:
    changed = (_replaced(plan, index, placed) for placed in instead)
    return next((one for one in changed if one is not None and fails(one)), plan)


def _replaced(plan: Plan, index: int, placed: Placed) -> Plan | None:
    others = [one for i, one in enumerate(plan.faults) if i != index]
    # A plan has at most one fault for each site and level.
    if any(one.key == placed.key for one in others):
        return None
    return Plan(faults=(*others, placed))


def _changed(placed: Placed, numbers: Mapping[str, int]) -> Placed:
    return placed.model_copy(update={"fault": placed.fault.model_copy(update=numbers)})


def _values(menu: Menu, placed: Placed) -> list[int]:
    return [int(getattr(placed.fault, name)) for name, _, _ in menu.numbers]
