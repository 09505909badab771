"""Plans as Hypothesis draws them, and as the choices it would have drawn them from."""

from random import Random

import pytest
from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings

from agent_chaos.faults.plan import Plan
from agent_chaos.search.memo import Memo
from agent_chaos.search.schedule import Covering, singles
from agent_chaos.search.single_example import Seeded
from agent_chaos.search.space import Space
from agent_chaos.search.strategies import MAX_FAULTS, choices, placed_lists, plan_of, plans
from tests.search import shop
from tests.search.planted import FAULTS, planted

WIDEST = 4
"""Hypothesis deletes no list element that takes more choices."""


@pytest.fixture(scope="module")
def space():
    return Space.of(shop.rehearsal().clean)


def drawn_from(space, encoded):
    """What Hypothesis draws from these choices."""
    seen = []

    @settings(
        database=Seeded(encoded),
        phases=[Phase.reuse],
        deadline=None,
        derandomize=False,
        verbosity=Verbosity.quiet,
        suppress_health_check=list(HealthCheck),
    )
    @given(placed_lists(space))
    def body(placed):
        seen.append(plan_of(placed))

    body()
    return seen


def test_the_choices_of_a_plan_draw_that_plan_again(space):
    covering, rng = Covering(space, Random(3)), Random(4)
    for plan in [*singles(space, rng), *(covering.next() for _ in range(30)), Plan()]:
        assert drawn_from(space, choices(space, plan)) == [plan]


def test_a_fault_takes_no_more_choices_than_can_be_deleted(space):
    widths = {len(choices(space, plan)) - 2 for plan in singles(space, Random(0))}

    assert max(widths) <= WIDEST


def test_a_plan_outside_of_the_space_has_no_choices(space):
    inside = next(singles(space, Random(0))).faults[0]
    many = [(f"call {index}", inside.fault) for index in range(MAX_FAULTS + 1)]

    assert choices(space, Plan.of([("call 99", inside.fault)])) is None
    assert choices(space, Plan.of(many)) is None
    assert choices(Space(()), Plan.of([(inside.site, inside.fault)])) is None


def test_drawn_plans_keep_to_the_space_and_to_the_number_of_faults(space):
    seen = []

    @settings(max_examples=200, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @seed(1)
    @given(plans(space, min_faults=1, max_faults=3))
    def body(plan):
        seen.append(plan)

    body()

    assert {len(plan) for plan in seen} == {1, 2, 3}
    assert all(choices(space, plan) is not None for plan in seen)


def test_where_nothing_can_be_faulted_the_only_plan_is_the_empty_one():
    seen = []

    @settings(max_examples=10, database=None, deadline=None)
    @given(plans(Space(())))
    def body(plan):
        seen.append(plan)

    body()

    assert set(map(len, seen)) == {0}


def test_a_plan_is_remembered_also_as_what_fired_of_a_larger_one():
    case = planted(0)
    unreached = [(f"call {index}", case.plan.faults[0].fault) for index in (50, 51)]
    larger = Plan.of([*((one.site, one.fault) for one in case.plan.faults), *unreached])
    memo = Memo(case.subject)

    assert memo.known(case.plan) is None
    assert memo(larger) is memo(case.plan) is memo.known(larger)
    assert memo.runs == 1
    assert len(larger) == FAULTS + 2
