"""How likely a failure is: as likely as the rarest of its faults, and a fault as its own shape."""

from __future__ import annotations

import pytest

from agent_chaos.faults.family import Frequency
from agent_chaos.faults.message.malformed_arguments import MalformedArguments
from agent_chaos.faults.plan import Plan
from agent_chaos.report.contents.ranking import likelihood
from agent_chaos.search.judgements import only_everyday


def plan(shape: str) -> Plan:
    return Plan.of([("call 0", MalformedArguments(shape=shape, call=0))])


@pytest.mark.parametrize(
    ("usual", "odd"),
    [("cut", "trailing_comma"), ("empty", "null"), ("markdown", "list"), ("doubled", "not_a_number")],
)
def test_a_shape_that_fewer_report_is_fixed_later(usual: str, odd: str) -> None:
    assert likelihood(plan(usual)) > likelihood(plan(odd))


def test_no_shape_is_met_more_often_than_its_kind() -> None:
    shapes = MalformedArguments.model_fields["shape"].annotation.__args__
    met = {shape: MalformedArguments(shape=shape, call=0).own_frequency for shape in shapes}

    assert min(met.values()) is MalformedArguments.frequency
    assert set(met.values()) == set(Frequency)


def test_a_score_of_everyday_faults_leaves_out_their_odd_shapes() -> None:
    cut, not_a_number = (MalformedArguments(shape=shape, call=0) for shape in ("cut", "not_a_number"))

    assert only_everyday([cut])
    assert not only_everyday([cut, not_a_number])
    assert not only_everyday([])
