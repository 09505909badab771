"""What was done is done again, by a turn that starts over or by a tool that is called twice."""

import json

import pytest

from agent_chaos.oracles.reading.effects import only_reads
from agent_chaos.oracles.verdict import Verdict
from agent_chaos.patch.tools import tool
from tests.oracles.desk import SAID, Claude, Unavailable, desk, fault, found, judged, refund, whole
from tests.standin.said import Called, Said

REFUSED = {"call 1": fault("permission_error")}
FOUND = {"duplicate_side_effect:refund"}


def starting_over(run):
    """Runs the whole turn again where it failed, from its first request."""

    def agent(ctx, text):
        attempt = desk("anthropic_messages", run, speak=lambda messages: Claude(messages, retries=0))
        try:
            return attempt(ctx, text)
        except Exception:
            return attempt(ctx, text)

    return agent


def test_a_turn_that_starts_over_refunds_twice():
    outcome = judged(starting_over(tool(refund)), "anthropic_messages", REFUSED)
    (violation,) = outcome.violations

    assert found(outcome) == FOUND
    assert len(violation.after) == 2
    assert "had not been told of the first time" in violation.reason


def test_a_tool_without_a_boundary_ran_as_often_as_replies_asked_for_it_and_requests_tell_of_it():
    outcome = judged(starting_over(refund), "anthropic_messages", REFUSED)
    (violation,) = outcome.violations

    assert found(outcome) == FOUND
    assert (len(violation.after), violation.tool_seq) == (2, None)
    assert "where the second result was a kept one, wrap" in violation.advice
    assert (
        judged(starting_over(refund), "anthropic_messages", REFUSED, pure_tools=("refund",)).violations == ()
    )


def test_a_tool_that_only_reads_may_run_again():
    def lookup(order: str = "", amount: float = 0) -> str:
        return f"refunded {amount} on order {order}"

    reading = tool(lookup, name="refund", pure=True)

    assert judged(starting_over(reading), "anthropic_messages", REFUSED).verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("gives", "severity"),
    [("refunded 15 on A-17", None), (True, "warning"), (None, "warning"), ({"order": "A-17"}, "warning")],
    ids=["something new", "yes", "nothing", "its own argument"],
)
def test_a_name_that_says_reading_counts_only_with_what_the_tool_brings_back(gives, severity):
    def get_paid(order: str = "", amount: float = 0):
        return gives

    def paid(**arguments):
        return json.dumps(tool(get_paid)(**arguments))

    asked = (Said("I get it.", (Called("get_paid", ('{"order": "A-17", "amount": 1500}',)),)), SAID[1])
    outcome = judged(starting_over(paid), "anthropic_messages", REFUSED, said=asked)
    mine = [one for one in outcome.violations if one.oracle == "duplicate_side_effect"]

    assert [one.severity for one in mine] == ([severity] if severity else [])


@pytest.mark.parametrize(
    "name",
    [
        *("weather", "calculator", "multiply", "track_parcel", "getForecast", "web_search"),
        *(
            "buscar_pedido",
            "sucheBestellung",
            "prüfe_lager",
            "rechercher_commande",
            "注文検索",
            "find_and_list",
        ),
    ],
)
def test_a_name_that_says_reading_or_reckoning_is_enough(name):
    assert only_reads(name)


@pytest.mark.parametrize(
    "name",
    [
        *("refund", "check_in", "book_hotel", "weatherproof", "delivery_window", "sendMail", ""),
        *("find_or_create_order", "lookupAndCharge", "buscar_y_cancelar", "reembolsar", "erstatte", "返金"),
    ],
)
def test_a_name_that_does_not_say_so_may_do_something(name):
    assert not only_reads(name)


def test_a_turn_that_keeps_what_it_did_passes():
    def agent(ctx, text):
        done = {}

        def once(**arguments):
            key = tuple(sorted(arguments.items()))
            if key not in done:
                done[key] = tool(refund)(**arguments)
            return done[key]

        return starting_over(once)(ctx, text)

    assert judged(agent, "anthropic_messages", REFUSED).verdict is Verdict.PASS


def test_a_tool_called_again_after_its_acknowledgement_was_lost_did_its_work_twice():
    paying = tool(refund)

    def again(**arguments):
        try:
            return paying(**arguments)
        except TimeoutError:
            return paying(**arguments)

    lost = {"tool 0": fault("tool_acknowledgement_lost", seconds=30)}
    outcome = judged(desk("anthropic_messages", again), "anthropic_messages", lost)

    assert found(outcome) == FOUND


KEYS = ("idempotency_key", "client_token", "requestId")
OTHERS = ("user", "client_id", "message_id")
"""Whom a refund is for, and which message asked for it."""


@pytest.mark.parametrize(
    ("added", "expected"), [*((key, set()) for key in KEYS), *((one, FOUND) for one in OTHERS)]
)
def test_a_tool_tried_again_with_the_same_idempotency_key_does_it_once(added, expected):
    def keyed(order: str = "", amount: float = 0, **more: str) -> str:
        return f"refunded {amount} on order {order}"

    paying = tool(keyed, name="refund")

    def again(**arguments):
        given = {**arguments, added: f"refund-{arguments['order']}"}
        try:
            return paying(**given)
        except TimeoutError:
            return paying(**given)

    lost = {"tool 0": fault("tool_acknowledgement_lost", seconds=30)}

    assert found(judged(desk("anthropic_messages", again), "anthropic_messages", lost)) == expected


def test_a_tool_called_again_after_it_failed_before_its_work_passes():
    paying = tool(refund)

    def again(**arguments):
        try:
            return paying(**arguments)
        except ConnectionError:
            return paying(**arguments)

    failed = {"tool 0": fault("tool_raise", error_type="ConnectionError")}

    assert judged(desk("anthropic_messages", again), "anthropic_messages", failed).verdict is Verdict.PASS


@pytest.mark.parametrize("protocol", ["anthropic_messages", "openai_chat"])
def test_a_careful_desk_refunds_once_under_a_failing_last_call(protocol):
    with_tool = desk(protocol, tool(refund), minds=whole)

    def agent(ctx, text):
        try:
            return with_tool(ctx, text)
        except Exception as error:
            raise Unavailable("the desk is closed") from error

    outcome = judged(agent, protocol, REFUSED)

    assert not [one for one in outcome.violations if one.oracle == "duplicate_side_effect"]
