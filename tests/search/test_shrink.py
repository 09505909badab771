"""Shrinking: plans with a planted cause become exactly that cause, and what is called smallest is."""

import itertools

import pytest

from agent_chaos.faults.plan import Plan
from agent_chaos.search.memo import Memo
from agent_chaos.search.shrink import neighbours, shrink
from agent_chaos.search.space import Space
from agent_chaos.search.strategies import MAX_FAULTS, choices
from agent_chaos.trace.fidelity import Fidelity
from tests.search.planted import CAUSES, FAULTS, Condition, PlantedOracle, planted, survivor_judged_by

CONFIRMING_RUNS = 3


def case_of(faults, *, on_a_retry):
    """The first case whose cause has so many faults, one of them on a retry or none."""
    numbers = itertools.count(faults - 1, len(CAUSES))
    cases = (planted(number) for number in numbers)
    return next(case for case in cases if any(one.serving for one in case.cause) is on_a_retry)


@pytest.mark.parametrize(
    ("faults", "on_a_retry"),
    [(1, False), (2, True), (3, True)],
    ids=["one fault", "two faults, one on the retry of the other", "three faults, two of them on one call"],
)
def test_a_plan_of_five_faults_becomes_exactly_its_cause_and_nothing_around_it_fails(faults, on_a_retry):
    case = case_of(faults, on_a_retry=on_a_retry)
    shrunk = case.shrunk()
    plan = shrunk.plan
    fewer = [plan.without(index) for index in range(len(plan))]
    around = [*fewer, *neighbours(Space.of(case.subject.clean), plan)]

    assert len(case.plan) == FAULTS
    assert len(case.smallest) == faults
    assert plan == case.smallest
    assert shrunk.smallest
    assert shrunk.reproduced
    assert shrunk.checks >= len({one.to_json() for one in around})
    assert [one for one in around if case.subject.trial(one).fingerprints] == []


@pytest.mark.parametrize("max_runs", [1, 3])
def test_a_budget_that_runs_out_leaves_a_plan_that_fails_and_is_not_called_smallest(max_runs):
    case = planted(11)
    shrunk = shrink(case.subject, case.plan, "planted:cause", max_runs=max_runs)

    assert case.subject.trial(shrunk.plan).fingerprints == {"planted:cause"}
    assert len(shrunk.plan) <= FAULTS
    assert shrunk.runs <= max_runs + CONFIRMING_RUNS
    assert not shrunk.smallest


def test_a_plan_that_does_not_fail_that_way_comes_back_as_it_is():
    case = planted(0)
    shrunk = shrink(case.subject, case.plan, "planted:something else")

    assert shrunk.plan == case.plan
    assert not shrunk.reproduced
    assert not shrunk.smallest


def test_other_failures_met_on_the_way_are_kept_with_a_plan_that_shows_them():
    case = planted(5)
    unneeded = next(one for one in case.plan.faults if one not in case.smallest.faults)
    both = (PlantedOracle(case.cause), PlantedOracle((Condition.of(unneeded),), "another"))
    subject = survivor_judged_by(*both, like=case.subject)
    shrunk = shrink(subject, case.plan, "planted:cause")

    assert list(shrunk.others) == ["another:cause"]
    plan, outcome = shrunk.others["another:cause"]
    assert "another:cause" in outcome.fingerprints
    assert unneeded in plan.faults
    assert shrunk.plan == case.smallest


def test_a_plan_written_by_hand_outside_of_the_space_still_loses_the_faults_it_does_not_need():
    case = planted(0)
    plan = Plan.of(
        [*((one.site, one.fault) for one in case.plan.faults), ("call 99", case.plan.faults[0].fault)]
    )
    shrunk = shrink(case.subject, plan, "planted:cause")

    assert choices(Space.of(case.subject.clean), plan) is None
    assert shrunk.plan == case.smallest


def test_a_plan_of_more_faults_than_are_ever_drawn_is_made_small_too():
    case = planted(0)
    space = Space.of(case.subject.clean)
    extra = [
        (entry.site, menu.fault(entry, [low for _, low, _ in menu.numbers]))
        for menu in space.menus
        for entry in menu.entries
        if menu.kind in ("slow_first_byte", "keep_alive_noise", "max_tokens_in_text")
    ]
    plan = Plan.of([*((one.site, one.fault) for one in case.plan.faults), *extra])
    memo = Memo(case.subject)

    assert len(plan) > MAX_FAULTS
    assert "planted:cause" in memo(plan).fingerprints
    assert shrink(case.subject, plan, "planted:cause", memo=memo).plan == case.smallest


class EverySecondTime:
    """An oracle that finds the planted cause in every second run that has it."""

    name, needs = "planted", Fidelity.MISS

    def __init__(self, cause):
        self._planted, self._runs = PlantedOracle(cause), itertools.count()

    def judge(self, evidence):
        found = list(self._planted.judge(evidence))
        return found if found and next(self._runs) % 2 == 0 else []


def test_a_failure_that_does_not_repeat_is_neither_reproduced_nor_smallest():
    case = planted(2)
    subject = survivor_judged_by(EverySecondTime(case.cause), like=case.subject)
    shrunk = shrink(subject, case.plan, "planted:cause")

    assert not shrunk.reproduced
    assert not shrunk.smallest
    assert shrunk.outcome.fingerprints == {"planted:cause"}
