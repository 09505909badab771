"""Plans as Hypothesis draws them."""

import pytest
from hypothesis import HealthCheck, given, seed, settings

from agent_chaos.search.space import Space
from agent_chaos.search.strategies.hypothesis_plans import plans
from tests.search import shop


@pytest.fixture(scope="module")
def space():
    return Space.of(shop.rehearsal().clean)


def test_drawn_plans_keep_to_the_space_and_to_the_number_of_faults(space):
    seen = []

    @settings(max_examples=200, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @seed(1)
    @given(plans(space, min_faults=1, max_faults=3))
    def body(plan):
        seen.append(plan)

    body()

    assert {len(plan) for plan in seen} == {1, 2, 3}
    assert all(
        space.menu(placed.fault.kind).entry_of(placed) is not None for plan in seen for placed in plan.faults
    )


def test_where_nothing_can_be_faulted_the_only_plan_is_the_empty_one():
    seen = []

    @settings(max_examples=10, database=None, deadline=None)
    @given(plans(Space(())))
    def body(plan):
        seen.append(plan)

    body()

    assert set(map(len, seen)) == {0}
