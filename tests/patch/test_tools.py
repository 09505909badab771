"""Wrapped tools: themselves outside of a run, answered from the recording inside."""

import asyncio
from dataclasses import dataclass

import anthropic
import pytest
from pydantic import BaseModel, Field

import agent_chaos
from agent_chaos.patch.tools import ToolError, tool
from tests.trials import claude_says, recorded, scenario, trial


class Ledger:
    def __init__(self):
        self.paid = []

    def tools(self):
        @tool
        def refund(order: str, amount: int = 10) -> str:
            self.paid.append((order, amount))
            return f"refunded {amount} on {order}"

        return refund


def test_outside_of_a_run_a_tool_is_the_function_itself():
    ledger = Ledger()

    assert ledger.tools()("A-1", amount=5) == "refunded 5 on A-1"
    assert ledger.paid == [("A-1", 5)]


def test_replay_gives_the_recorded_result_and_does_nothing():
    ledger = Ledger()
    refund = ledger.tools()
    one = scenario(lambda ctx, text: refund("A-1", amount=1_500))
    cassette = recorded(one, [])
    trace = trial(one, cassette)

    assert ledger.paid == [("A-1", 1_500)]
    assert trace.answers[0].text == "refunded 1500 on A-1"
    assert [(run.name, run.arguments, run.effect) for run in trace.tools] == [
        ("refund", {"order": "A-1", "amount": 1_500}, "recorded")
    ]


def test_unseen_arguments_get_the_nearest_result_and_perform_nothing():
    ledger = Ledger()
    refund = ledger.tools()
    amounts = iter([1_500, 15])
    one = scenario(lambda ctx, text: refund("A-1", amount=next(amounts)))
    trace = trial(one, recorded(one, []))

    assert ledger.paid == [("A-1", 1_500)]
    assert trace.tools[0].effect == "nearest"
    assert trace.tools[0].arguments == {"order": "A-1", "amount": 15}
    assert trace.answers[0].text == "refunded 1500 on A-1"


def test_a_tool_that_was_never_recorded_ends_the_trial_as_a_miss():
    ledger = Ledger()
    refund = ledger.tools()
    trace = trial(scenario(lambda ctx, text: refund("A-1")), recorded(scenario(lambda ctx, text: "x"), []))

    assert [incident.detail for incident in trace.incidents_of("miss")] == [
        "tool refund was called but never recorded"
    ]
    assert not ledger.paid


def test_a_recorded_exception_is_raised_again():
    @tool
    def look_up(order: str) -> str:
        raise KeyError(order)

    def agent(ctx, text):
        try:
            return look_up("A-1")
        except KeyError as exc:
            return f"no order {exc}"

    one = scenario(agent)
    trace = trial(one, recorded(one, []))

    assert trace.answers[0].text == """no order "'A-1'\""""
    assert trace.tools[0].end.error_type == "KeyError"


class Unbuildable(Exception):
    def __init__(self, code: int, *, detail: str) -> None:
        super().__init__(detail)


def test_an_exception_that_a_message_cannot_build_becomes_a_tool_error():
    @tool
    def look_up() -> str:
        raise Unbuildable(3, detail="gone")

    def agent(ctx, text):
        try:
            return look_up()
        except (Unbuildable, ToolError) as exc:
            return type(exc).__name__

    one = scenario(agent)

    assert trial(one, recorded(one, [])).answers[0].text == "ToolError"


class Order(BaseModel):
    number: str
    total: int


@dataclass
class Parcel:
    number: str


@tool
def find_order(number: str) -> Order:
    return Order(number=number, total=1_500)


@tool
async def find_parcel(number: str) -> Parcel:
    await asyncio.sleep(0)
    return Parcel(number)


async def asks_both(ctx, text):
    order, parcel = find_order("A-1"), await find_parcel(number="P-2")
    return f"{type(order).__name__} {order.total} {type(parcel).__name__} {parcel.number}"


def test_results_come_back_in_the_type_that_the_function_returns():
    one = scenario(asks_both)

    assert trial(one, recorded(one, [])).answers[0].text == "Order 1500 Parcel P-2"


def test_pure_tools_really_run():
    calls = []

    @tool(pure=True, name="add")
    def plus(a: int, b: int) -> int:
        calls.append((a, b))
        return a + b

    one = scenario(lambda ctx, text: str(plus(2, b=3)))
    trace = trial(one, recorded(one, []))

    assert calls == [(2, 3), (2, 3)]
    assert [(run.name, run.effect, run.end.result) for run in trace.tools] == [("add", "pure", 5)]


def test_the_context_wraps_tools_as_well():
    done = []

    def send(to: str) -> str:
        done.append(to)
        return f"sent to {to}"

    one = scenario(lambda ctx, text: ctx.tool(send, name="mail")("x@example.com"))
    trace = trial(one, recorded(one, []))

    assert done == ["x@example.com"]
    assert trace.tools[0].name == "mail"


def test_the_public_name_is_the_same_decorator():
    assert agent_chaos.tool is tool


@pytest.mark.parametrize("arguments", [(), ("A", 1, 2)], ids=["too-few", "too-many"])
def test_wrong_arguments_raise_as_the_function_would(arguments):
    with pytest.raises(TypeError):
        Ledger().tools()(*arguments)


@dataclass
class WantedOrder:
    order: str
    amount: int = 0


class WantedRefund(BaseModel):
    order_id: str = Field(alias="orderId")
    currency: str = "USD"


def gathered(**given):
    return "ok"


def by_place(order, /, amount):
    return "ok"


def in_a_dataclass(wanted: WantedOrder):
    return "ok"


def in_a_model(wanted: WantedRefund):
    return "ok"


@pytest.mark.parametrize(
    ("function", "call", "sent"),
    [
        (gathered, lambda tool: tool(order="A-17", amount=9), {"order": "A-17", "amount": 9}),
        (by_place, lambda tool: tool("A-17", 9), {"order": "A-17", "amount": 9}),
        (in_a_dataclass, lambda tool: tool(WantedOrder("A-17", 9)), {"order": "A-17", "amount": 9}),
        (in_a_model, lambda tool: tool(WantedRefund(orderId="A-17")), {"orderId": "A-17"}),
    ],
    ids=["keywords", "places", "dataclass", "model"],
)
def test_arguments_are_recorded_as_the_model_sent_them(function, call, sent):
    one = scenario(lambda ctx, text: call(agent_chaos.tool(function)))

    assert [record.arguments for record in recorded(one, []).tools] == [sent]


def test_one_object_stays_under_its_parameter_where_the_model_was_told_of_it():
    schema = {"type": "object", "properties": {"wanted": {"type": "object"}}}

    def agent(ctx, text):
        tools = [{"name": "in_a_model", "input_schema": schema}]
        asked = {"max_tokens": 9, "model": "claude-sonnet-5", "messages": [{"role": "user", "content": text}]}
        anthropic.Anthropic().messages.create(**asked, tools=tools)
        return agent_chaos.tool(in_a_model)(WantedRefund(orderId="A-17"))

    one = scenario(agent)
    run = trial(one, recorded(one, [claude_says("go")])).tools[0]

    assert run.arguments == {"wanted": {"orderId": "A-17"}}
