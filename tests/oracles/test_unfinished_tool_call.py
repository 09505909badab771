"""A tool that runs on a call the model never finished, seen at the tool's own boundary or on the wire alone."""

import httpx2
import pytest

from agent_chaos.oracles.verdict import Verdict
from agent_chaos.patch.tools import tool
from tests.oracles.desk import desk, fault, found, judged, refund, strict, whole

ENDS = fault("truncate", boundary="mid_number", offset=0)
ENDS_WHOLE = fault("truncate", boundary="before_terminator", offset=0)
LIMIT = fault("max_tokens_in_tool_call", call=0, within="number", offset=0)
RESET = fault("reset_in_body", boundary="mid_number", offset=0)
TRAILING_COMMA = fault("malformed_arguments", shape="trailing_comma", call=0)
CUT, WHOLE = (f"unfinished_tool_call:refund ({how} arguments)" for how in ("cut", "whole"))
CASES = [
    pytest.param("anthropic_messages", ENDS, id="anthropic-stream-ends"),
    pytest.param("anthropic_messages", LIMIT, id="anthropic-token-limit"),
    pytest.param("openai_chat", ENDS, id="chat-stream-ends"),
    pytest.param("openai_chat", LIMIT, id="chat-token-limit"),
    pytest.param("gemini", LIMIT, id="gemini-token-limit"),
]
SEEN = pytest.mark.parametrize("wrap", [tool, lambda run: run], ids=["at-the-boundary", "on-the-wire"])


@SEEN
@pytest.mark.parametrize(("protocol", "one"), CASES)
def test_a_refund_of_15_of_1500_is_found_where_it_ran(protocol, one, wrap):
    outcome = judged(desk(protocol, wrap(refund)), protocol, {"call 0": one})
    (violation,) = outcome.violations

    assert found(outcome) == {CUT}
    assert violation.before == {"order": "A-17", "amount": 1500}
    assert violation.after == {"order": "A-17", "amount": 15}
    assert ("token limit" in violation.reason) == (one is LIMIT)


@SEEN
@pytest.mark.parametrize(("protocol", "one"), CASES)
def test_a_desk_that_waits_for_whole_replies_refunds_once_and_passes(protocol, one, wrap):
    outcome = judged(desk(protocol, wrap(refund), minds=whole), protocol, {"call 0": one})

    assert outcome.verdict is Verdict.PASS
    assert len(outcome.trace.calls) == 3
    assert [run.arguments["amount"] for run in outcome.trace.tools] in ([1500], [])


@SEEN
def test_whole_arguments_of_a_reply_that_never_ended_are_a_failure_of_their_own(wrap):
    outcome = judged(desk("openai_chat", wrap(refund)), "openai_chat", {"call 0": ENDS_WHOLE})

    assert found(outcome) == {WHOLE}


@SEEN
def test_a_reply_that_lost_only_its_last_line_had_ended(wrap):
    """Anthropic's stop reason comes before `message_stop`."""
    outcome = judged(desk("anthropic_messages", wrap(refund)), "anthropic_messages", {"call 0": ENDS_WHOLE})

    assert outcome.verdict is Verdict.PASS


@SEEN
def test_arguments_mended_to_what_the_model_meant_do_no_harm(wrap):
    def without_comma(arguments):
        return strict(arguments.replace(",}", "}"))

    outcome = judged(
        desk("openai_chat", wrap(refund), read=without_comma), "openai_chat", {"call 0": TRAILING_COMMA}
    )

    assert outcome.verdict is Verdict.PASS


@SEEN
def test_arguments_that_were_no_json_object_and_became_another_one_are_found(wrap):
    def guessed(arguments):
        try:
            return strict(arguments)
        except ValueError:
            return {"order": "A-17", "amount": 1}

    outcome = judged(
        desk("openai_chat", wrap(refund), read=guessed), "openai_chat", {"call 0": TRAILING_COMMA}
    )

    assert found(outcome) == {"unfinished_tool_call:refund (repaired arguments)"}


@pytest.mark.parametrize(
    "words",
    [
        "error: not refunded, the amount looks wrong",
        "nicht erstattet: der Betrag stimmt nicht",
        "返金していません",
        '{"erledigt": false}',
    ],
)
def test_on_the_wire_a_result_in_other_words_than_the_tool_s_means_that_nothing_ran(words):
    def checked(order="", amount=0):
        return refund(order, amount) if amount > 100 else words

    outcome = judged(desk("anthropic_messages", checked), "anthropic_messages", {"call 0": ENDS})

    assert "unfinished_tool_call" not in {violation.oracle for violation in outcome.violations}
    assert len(outcome.trace.calls) == 2


def test_a_call_that_broke_off_and_was_asked_for_again_counts_once():
    bold = desk("anthropic_messages", tool(refund))

    def resuming(ctx, text):
        try:
            return bold(ctx, text)
        except httpx2.ReadError:
            return bold(ctx, text)

    outcome = judged(resuming, "anthropic_messages", {"call 0": RESET})

    assert outcome.verdict is Verdict.PASS
    assert [run.arguments["amount"] for run in outcome.trace.tools] == [1500]
