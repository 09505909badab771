"""Which call of the model a boundary's run belongs to, where the two call the tool by different names."""

import pytest

from agent_chaos.cassette.model import Cassette, Header, ToolRecord
from agent_chaos.replay.tool_names import recorded_calls, renamed_tools
from agent_chaos.stream.exchange import Request
from tests.cassette.made import asking
from tests.replay.asked import cassette_of
from tests.trials import claude_message, json_reply

ORDER = {"order": "A-17"}


def reply_asking_for(*calls):
    """A reply that asks for tools, each by name and arguments."""
    content = [
        {"type": "tool_use", "id": f"toolu_{number}", "name": name, "input": arguments}
        for number, (name, arguments) in enumerate(calls)
    ]
    return json_reply(claude_message(content, "tool_use"))


def renamed(calls, runs):
    """Of one exchange that asks for calls, and runs of boundaries after an exchange: name, arguments, which exchange."""
    made = cassette_of((asking("Refund A-17."), reply_asking_for(*calls)))
    records = tuple(
        ToolRecord(number, 0, 1.0, name, arguments, after=after)
        for number, (name, arguments, after) in enumerate(runs)
    )
    return renamed_tools(Cassette(Header(scenario="made", started_at=0.0), made.exchanges, records))


@pytest.mark.parametrize("name", ["Shop-refund", "shop__refund", "shop.refund", "shop:refund", "shop/refund"])
def test_a_run_whose_name_ends_the_models_is_that_call_whatever_its_arguments(name):
    assert renamed([(name, ORDER)], [("refund", {"order": "A-17", "why": ""}, 0)]) == {name: "refund"}


def test_a_run_with_the_very_same_arguments_is_that_call_whatever_its_name():
    assert renamed([("refund_order", ORDER)], [("pay_back", ORDER, 0)]) == {"refund_order": "pay_back"}


def test_names_and_arguments_that_only_look_alike_are_no_call():
    assert renamed([("prerefund", {})], [("refund", ORDER, 0)]) == {}
    assert renamed([("refund_order", ORDER)], [("pay_back", {"order": "A-18"}, 0)]) == {}


def test_tools_without_arguments_are_not_taken_for_each_other():
    assert renamed([("now", {})], [("today", {}, 0)]) == {}


def test_a_run_that_answers_a_call_of_its_own_name_is_no_other_call():
    both = [("refund", ORDER), ("notify", ORDER)]

    assert renamed(both, [("refund", ORDER, 0)]) == {}
    assert renamed([("refund", ORDER)], [("refund", ORDER, 0), ("audit", ORDER, 0)]) == {}


def test_of_two_equal_calls_each_has_a_run_of_its_own():
    calls = [("Shop-refund", ORDER), ("Bank-refund", ORDER)]

    assert renamed(calls, [("refund", ORDER, 0)]) == {"Shop-refund": "refund"}
    assert renamed(calls, [("refund", ORDER, 0), ("refund", ORDER, 0)]) == dict.fromkeys(
        ("Shop-refund", "Bank-refund"), "refund"
    )


def test_runs_after_another_exchange_are_no_answer_to_this_one():
    assert renamed([("Shop-refund", ORDER)], [("refund", ORDER, 1)]) == {}


def test_a_reply_of_no_protocol_asks_for_nothing():
    (exchange,) = cassette_of((Request("GET", "https://shop.test/orders"), reply_asking_for())).exchanges

    assert recorded_calls(exchange) == ()
