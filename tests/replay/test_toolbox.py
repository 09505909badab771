"""Recorded tools: equal arguments first, in order; else the nearest; never a result that nobody recorded."""

from typing import ClassVar, Literal

import pytest

from agent_chaos.cassette.model import ToolEnd, ToolRecord
from agent_chaos.faults.fault import ToolFault, ToolOutcome
from agent_chaos.faults.plan import Plan
from agent_chaos.replay.toolbox import RecordedTools, Toolbox


def toolbox(*records, plan=None):
    made = (
        ToolRecord(i, 0, 0.0, name, arguments, ToolEnd(result))
        for i, (name, arguments, result) in enumerate(records)
    )
    return Toolbox(RecordedTools(made), plan or Plan())


def results(box, *calls):
    return [box.serve(name, arguments).record.end.result for name, arguments in calls]


def test_equal_calls_get_their_results_in_the_order_they_were_recorded_and_then_the_first_again():
    box = toolbox(("balance", {"of": "a"}, 10), ("balance", {"of": "b"}, 99), ("balance", {"of": "a"}, 7))

    assert results(box, *[("balance", {"of": "a"})] * 3) == [10, 7, 10]


def test_a_second_serving_has_a_site_of_its_own():
    box = toolbox(("balance", {}, 10))

    assert [str(box.serve("balance", {}).site) for _ in range(3)] == ["tool 0", "tool 0.1", "tool 0.2"]


@pytest.mark.parametrize(
    ("arguments", "result"),
    [
        ({"order": "A-17", "amount": 15}, "A"),
        ({"order": "B-2", "amount": 15}, "B"),
        ({"order": "C-3", "amount": 200}, "B"),
        ({}, "A"),
        ("not an object", "A"),
    ],
    ids=["one differs", "the other order", "the other amount", "nothing given", "a text"],
)
def test_other_arguments_get_the_result_of_the_nearest_call(arguments, result):
    box = toolbox(
        ("refund", {"order": "A-17", "amount": 1500}, "A"), ("refund", {"order": "B-2", "amount": 200}, "B")
    )
    served = box.serve("refund", arguments)

    assert served.record.end.result == result
    assert not served.same_arguments


def test_equality_is_that_of_json():
    box = toolbox(("pay", {"b": [1, 2], "a": None}, "paid"))

    assert box.serve("pay", {"a": None, "b": (1, 2)}).same_arguments
    assert not box.serve("pay", {"a": None, "b": ["1", 2]}).same_arguments


def test_a_tool_that_was_never_recorded_has_no_record():
    served = toolbox(("pay", {}, "paid")).serve("refund", {})

    assert (served.record, served.site, served.outcome, served.fired) == (None, None, None, ())


class Down(ToolFault, frozen=True):
    """The tool is down."""

    family: ClassVar[str] = "tool_down"
    kind: Literal["down"] = "down"

    @classmethod
    def openings(cls, target):
        return ({},)

    def apply(self, target):
        return ToolOutcome(
            ToolEnd(error_type="TimeoutError", error=f"{target.name} gave {target.end.result}")
        )


def test_a_tool_fault_changes_the_serving_it_is_placed_at():
    box = toolbox(("pay", {}, "paid"), plan=Plan.of([("tool 0.1", Down())]))
    first, second = box.serve("pay", {}), box.serve("pay", {})

    assert (first.outcome, first.fired) == (None, ())
    assert second.outcome.end.error == "pay gave paid"
    assert second.fired == (Down(),)


def test_a_tool_that_nobody_recorded_is_given_nothing_and_is_no_call_as_recorded():
    served = toolbox(("balance", {}, 10)).serve("transfer", {})

    assert (served.record, served.site, served.same_arguments) == (None, None, False)
