"""The steps that make a failing plan smaller: each gives a plan that still fails, or the one that it was given."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from agent_chaos.faults.plan import Placed, Plan
from agent_chaos.search.numbers import spread_below
from agent_chaos.search.scope import Bounds
from agent_chaos.search.space import Menu, Space

_SCANNED = 128
"""How many values of a number are tried below one that fails, where larger ones pass."""

Fails = Callable[[Plan], bool]
"""Whether a plan still fails the same way."""


def one_round(space: Space, plan: Plan, fails: Fails) -> Plan:
    """The plan after every step was tried once: the plan itself where none of them leaves one that fails."""
    # Faults first: with fewer of them every later step has fewer plans to run. Numbers last, since a milder kind or
    # another place begins at its strongest.
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
