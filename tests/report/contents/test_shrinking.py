"""How a plan was made small is told from the plan that was found to the smallest."""

from __future__ import annotations

from agent_chaos.faults.plan import Plan
from agent_chaos.faults.transport.slow_replies import SlowFirstByte
from agent_chaos.oracles.verdict import Verdict
from agent_chaos.report.contents.shrinking import shrunk_plans
from agent_chaos.search.campaign import ShrinkStep


def plan(*seconds: int) -> Plan:
    return Plan.of([(f"call {n}", SlowFirstByte(seconds=one)) for n, one in enumerate(seconds)])


def test_each_step_has_what_was_tried_in_its_place_with_what_it_does():
    steps = (
        ShrinkStep(plan(60, 60), ("late",)),
        ShrinkStep(plan(60), ()),
        ShrinkStep(plan(60, 30), ("late", "other")),
        ShrinkStep(plan(60, 29), ("other",)),
        ShrinkStep(plan(60, 28), ()),
        ShrinkStep(plan(60, 27), (), Verdict.PASS),
        ShrinkStep(plan(60, 26), (), Verdict.UNDECIDED),
        ShrinkStep(plan(60, 25), (), Verdict.NOT_TESTED),
    )
    found, smallest = shrunk_plans(steps, "late")

    assert len(found.plan) == 2
    assert "delay=60" in found.word
    assert [one.verdict for one in found.tried] == ["does not fail"]
    assert "delay=30" in smallest.word
    assert [one.verdict for one in smallest.tried] == [
        "fails in another way",
        "does not fail",
        "passes",
        "cannot be decided",
        "is not tested: no fault fires",
    ]


def test_of_many_plans_that_were_tried_some_are_told_and_the_others_counted():
    steps = (ShrinkStep(plan(90), ("late",)), *(ShrinkStep(plan(n), ()) for n in range(1, 31)))
    (found,) = shrunk_plans(steps, "late")

    assert len(found.tried) == 20
    assert found.more == 10


def test_where_nothing_smaller_was_tried_there_is_nothing_to_tell():
    assert shrunk_plans((ShrinkStep(plan(90), ("late",)),), "late") == ()
    assert shrunk_plans((), "late") == ()
