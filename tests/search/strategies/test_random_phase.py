"""Hypothesis, asked and told."""

import threading

import pytest

from agent_chaos.search.example import examined
from agent_chaos.search.space import Space
from agent_chaos.search.strategies import hypothesis_plans
from agent_chaos.search.strategies.random_phase import RandomPhase
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


def test_nothing_is_drawn_while_runs_go_on_and_a_plan_that_is_not_run_is_followed_by_another(rehearsal):
    space = Space.of(rehearsal.clean)
    phase = RandomPhase(space, 0)
    (plan,) = phase.ask(1)
    phase.tell(examined(plan, rehearsal.clean_outcome, space, rehearsal.clean))

    assert phase._told.empty(), "Hypothesis would draw in its thread while the next plans run"
    (second,) = phase.ask(1)
    phase.pass_over()
    (third,) = phase.ask(1)
    phase.close()
    assert len({plan.key, second.key, third.key}) == 3


def test_where_hypothesis_comes_to_an_end_nothing_more_is_drawn(rehearsal, monkeypatch):
    monkeypatch.setattr(hypothesis_plans, "drawn_for_ever", lambda space, seed, came_of: None)
    phase = RandomPhase(Space.of(rehearsal.clean), 0)

    assert [phase.ask(1), phase.ask(1)] == [(), ()]
    phase.close()


def test_where_nothing_can_be_faulted_nothing_is_drawn():
    assert RandomPhase(Space(()), 0).ask(1) == ()
