"""The rounds of a campaign: the usual search, what it left uncovered, and every single fault one after the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product
from random import Random

from agent_chaos.faults.fault import Fault
from agent_chaos.faults.plan import Plan, Site
from agent_chaos.oracles.verdict import Outcome
from agent_chaos.search.campaign_state import Tally
from agent_chaos.search.schedule import SINGLES_SHARE, TAIL_SHARE, Covering, single, singles
from agent_chaos.search.scope import FaultSite
from agent_chaos.search.space import Candidate, Menu, Space

_STALE_DRAWS = 50


def searched(run: Tally, space: Space, seed: int) -> Space:
    """Singles, then sites that faults created, then combinations, then the tail, then combinations again."""
    rng = Random(seed)
    _run_all(run, singles(space, rng), round(run.max_examples * SINGLES_SHARE))
    space = space.extended(outcome.trace for outcome in run.outcomes)
    covering = Covering(space, rng, _leading(run))
    _cover(run, covering, run.max_examples - round(run.max_examples * TAIL_SHARE))
    _draw(run, space, seed)
    _cover(run, covering, run.max_examples)
    return space


def completed(run: Tally, space: Space, seed: int) -> None:
    """Every single fault that did not fire yet, however many there are, until the time is up."""
    rng = Random(seed)
    leading = _leading(run)
    run.total = run.examples + len(space.singles - run.singles)
    for menu in space.menus:
        for entry in menu.entries:
            if run.late:
                return
            if entry.single not in run.singles:
                before = leading.get(entry.site, Plan())
                plan = single(menu, entry, rng)
                run.example(Plan.of((one.site, one.fault) for one in (*before.faults, *plan.faults)))


def exhausted(run: Tally, space: Space) -> int:
    """Every single fault with every opening at every site, at the edges of its numbers; how many that are."""
    plans = [plan for menu in space.menus for entry in menu.entries for plan in _edges(menu, entry)]
    run.total = len(plans)
    for plan in plans:
        if run.late:
            break
        run.example(plan)
    return len(plans)


def _edges(menu: Menu, entry: Candidate) -> Iterator[Plan]:
    for values in product(*(dict.fromkeys((low, high)) for _, low, high in menu.numbers)):
        yield Plan(faults=(menu.placed(entry, values),))


def _leading(run: Tally) -> dict[Site, Plan]:
    """For each retry, and each call of a branch, that a run came to, the fewest faults that led there.

    No single fault is at such a place by itself.
    """
    clean: list[FaultSite] = [*run.subject.clean.calls, *run.subject.clean.tools]
    usual = {step.site for step in clean}
    found: dict[Site, Plan] = {}
    for outcome in run.outcomes:
        if any(fault.endless for _, fault in outcome.trace.fired):
            continue
        before: list[tuple[Site, Fault]] = []
        steps: list[FaultSite] = [*outcome.trace.calls, *outcome.trace.tools]
        for step in sorted(steps, key=lambda one: one.seq):
            if step.site is None:
                continue
            plan = Plan.of(before)
            if step.site not in usual and (step.site not in found or len(plan) < len(found[step.site])):
                found[step.site] = plan
            before += [(step.site, fault) for fault in step.fired]
    return found


def _run_all(run: Tally, plans: Iterable[Plan], until: int) -> None:
    for plan in plans:
        if run.over or run.examples >= until:
            return
        run.example(plan)


def _cover(run: Tally, covering: Covering, until: int) -> None:
    stale = 0
    while not run.over and run.examples < until and stale < _STALE_DRAWS:
        plan, before = covering.next(), run.examples
        if not len(plan):
            return
        outcome = run.example(plan)
        stale = 0 if run.examples > before else stale + 1
        covering.covered(plan, died_early=len(outcome.trace.fired) <= 1)


def _draw(run: Tally, space: Space, seed: int) -> None:
    from agent_chaos.search import random_phase

    def step(plan: Plan) -> Outcome | None:
        return None if run.over else run.example(plan)

    total, drawn = round(run.max_examples * TAIL_SHARE), space.of_replies
    for number, size in enumerate(_slices(total, random_phase.SLICE)):
        if not run.over and drawn.menus:
            random_phase.draw(drawn, size, seed * 1_000 + number, step)


def _slices(total: int, size: int) -> Iterator[int]:
    for start in range(0, total, size):
        yield min(size, total - start)
