"""Hypothesis, asked and told."""

import threading

import pytest

from agent_chaos.search.example import examined
from agent_chaos.search.random_phase import RandomPhase
from agent_chaos.search.space import Space
from tests.search import shop


@pytest.fixture(scope="module")
def rehearsal():
    return shop.rehearsal()


def drawn(rehearsal, seed, most):
    space = Space.of(rehearsal.clean)
    phase = RandomPhase(space, seed)
    plans = []
    for _ in range(most):
        (plan,) = phase.ask(1)
        plans.append(plan)
        phase.tell(examined(plan, rehearsal.trial(plan), space, rehearsal.clean))
    phase.close()
    return [plan.to_json() for plan in plans]


def test_equal_seeds_draw_equal_plans(rehearsal):
    first = drawn(rehearsal, 7, 12)

    assert drawn(rehearsal, 7, 12) == first
    assert drawn(rehearsal, 8, 12) != first


def test_nothing_is_drawn_before_the_last_plan_was_told_and_its_thread_ends(rehearsal):
    before = threading.active_count()
    phase = RandomPhase(Space.of(rehearsal.clean), 0)
    phase.ask(1)

    assert phase.ask(1) == ()
    phase.close()
    assert threading.active_count() == before


def test_where_nothing_can_be_faulted_nothing_is_drawn():
    assert RandomPhase(Space(()), 0).ask(1) == ()
