"""A tool that runs with arguments the model never sent, or more often than it asked."""

import time

import pytest

from agent_chaos.oracles.reading.turns import served_turn
from agent_chaos.oracles.verdict import Verdict
from agent_chaos.patch.tools import tool
from tests.oracles.desk import SCHEMA, Unavailable, desk, fault, found, judged, refund, strict

WRONG_TYPE = fault("malformed_arguments", shape="wrong_type", call=0)
SEEN = pytest.mark.parametrize("wrap", [tool, lambda run: run], ids=["at-the-boundary", "on-the-wire"])
EVERYWHERE = pytest.mark.parametrize("protocol", ["anthropic_messages", "openai_chat", "gemini"])


def coerced(arguments):
    """Guesses at what was meant: takes values out of the lists and objects that they came in."""
    given = strict(arguments)
    order, amount = given["order"], given["amount"]
    return {
        "order": next(iter(order.values())) if isinstance(order, dict) else order,
        "amount": amount[0] // 100 if isinstance(amount, list) else amount,
    }


def checked(arguments):
    given = strict(arguments)
    if not isinstance(given["order"], str) or not isinstance(given["amount"], int | float):
        raise Unavailable(f"the model sent {given}")
    return given


@SEEN
@EVERYWHERE
def test_arguments_that_were_guessed_are_found_beside_those_that_were_sent(protocol, wrap):
    outcome = judged(desk(protocol, wrap(refund), read=coerced), protocol, {"call 0": WRONG_TYPE})
    (violation,) = [one for one in outcome.violations if one.oracle == "argument_fidelity"]

    assert found(outcome) == {"argument_fidelity:refund"}
    assert violation.before == {"order": {"value": "A-17"}, "amount": [1500]}
    assert violation.after == {"order": "A-17", "amount": 15}


@SEEN
@EVERYWHERE
def test_a_desk_that_refuses_what_does_not_fit_passes(protocol, wrap):
    outcome = judged(desk(protocol, wrap(refund), read=checked), protocol, {"call 0": WRONG_TYPE})

    assert outcome.verdict is Verdict.PASS
    assert outcome.trace.raised[0].type.endswith("Unavailable")


@SEEN
@EVERYWHERE
def test_a_desk_that_runs_what_it_was_sent_is_faithful_even_to_nonsense(protocol, wrap):
    def simple(order, amount):
        return f"refunded {amount}"

    simple.__name__ = "refund"
    outcome = judged(desk(protocol, wrap(simple), read=strict), protocol, {"call 0": WRONG_TYPE})

    assert "argument_fidelity" not in {one.oracle for one in outcome.violations}


def test_a_desk_that_changes_arguments_on_purpose_in_its_clean_run_is_let_alone():
    def in_cents(arguments):
        given = strict(arguments)
        return (
            {**given, "amount": given["amount"] * 100} if isinstance(given["amount"], int) else coerced(given)
        )

    outcome = judged(desk("openai_chat", tool(refund), read=in_cents), "openai_chat", {"call 0": WRONG_TYPE})

    assert "argument_fidelity" not in {one.oracle for one in outcome.violations}


@pytest.mark.parametrize(("declared", "found_by"), [({"refund": SCHEMA}, set()), ({}, {"argument_fidelity"})])
def test_an_argument_that_the_tool_does_not_declare_may_be_dropped(declared, found_by):
    def known(arguments):
        return {name: value for name, value in strict(arguments).items() if name in ("order", "amount")}

    extra = fault("extra_argument", call=0)
    outcome = judged(
        desk("anthropic_messages", tool(refund), read=known),
        "anthropic_messages",
        {"call 0": extra},
        schemas=declared,
    )

    assert [run.arguments for run in outcome.trace.tools] == [{"order": "A-17", "amount": 1500}]
    assert {one.oracle for one in outcome.violations} == found_by


def test_one_call_that_ran_twice_is_found_though_its_arguments_are_right():
    pay = tool(refund)

    def agent(ctx, text):
        started = time.monotonic()

        def impatient(order, amount):
            paid = pay(order, amount)
            return pay(order, amount) if time.monotonic() - started > 60 else paid

        return desk("openai_chat", impatient, read=strict)(ctx, text)

    outcome = judged(agent, "openai_chat", {"call 0": fault("slow_first_byte", seconds=90)})

    assert found(outcome) == {
        "argument_fidelity:refund",
        "duplicate_side_effect:refund",
        "transparent_outcome:tools",
    }
    assert [run.arguments["amount"] for run in outcome.trace.tools] == [1500, 1500]


@pytest.mark.parametrize("kind", ["unknown_tool", "unnamed_tool"])
def test_a_tool_that_ran_for_a_call_to_another_one_is_told_of_as_that(kind):
    outcome = judged(desk("openai_chat", tool(refund)), "openai_chat", {"call 0": fault(kind, call=0)})
    (violation,) = [one for one in outcome.violations if one.oracle == "argument_fidelity"]
    asked = served_turn(outcome.trace.calls[0])

    assert asked is not None
    assert violation.subject == "refund for another name"
    assert (violation.before, violation.after) == (asked.tool_calls[0].name, "refund")
    assert "the model had sent" not in violation.reason
