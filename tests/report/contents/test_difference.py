"""Before and after show what a fault changed, and nothing beside it."""

from __future__ import annotations

import openai
import pytest

from agent_chaos.report.contents.difference import of_call
from agent_chaos.report.contents.timeline import timeline_rows
from tests.oracles.desk import KEY, fault, judged
from tests.standin.said import Called, Said
from tests.standin.wires import MODELS

UMLAUTS = (Said("Grüße " * 60 + "für 1500 €" + " Grüße" * 60),)
DONE = (Said("It is done."),)
CALLS = (Said("", (Called.of("refund", {"order": "A-17"}),)), Said("It is done."))


def asking(ctx, text):
    """Asks until it hears something, and never runs a tool."""
    client = openai.OpenAI(api_key=KEY, max_retries=0)
    for _ in range(2):
        try:
            completion = client.chat.completions.create(
                model=MODELS["openai_chat"], messages=[{"role": "user", "content": text}]
            )
            return completion.choices[0].message.content or "a call"
        except Exception as exc:
            failed = exc
    return f"sorry: {failed}"


def pairs(struck, said=CALLS):
    outcome = judged(asking, "openai_chat", {"call 0": struck}, said=said, stream=False)
    (call,) = [one for one in outcome.trace.calls if one.fired]
    return {one.label: one for one in of_call(call)}


@pytest.mark.parametrize(
    ("struck", "labels"),
    [
        (fault("auth_error"), {"reply", "header content-type", "body"}),
        (fault("error_body"), {"reply", "header content-type", "bytes at 0"}),
        (fault("timeout_before_headers", seconds=601), {"reply"}),
        (fault("unknown_tool", call=0), {"reply", "asks for", "bytes at 1,238"}),
    ],
    ids=["a refusal", "an error in place of the reply", "nothing", "another tool"],
)
def test_what_the_reply_lacks_as_a_whole_is_not_told_part_by_part(struck, labels):
    shown = {label if not label.startswith("bytes") else "bytes" for label in pairs(struck)}

    assert shown == {label if not label.startswith("bytes") else "bytes" for label in labels}


def test_a_refusal_stands_beside_no_bytes_of_the_recorded_reply():
    body = pairs(fault("auth_error"))["body"]

    assert body.recorded is None
    assert body.as_run.startswith("{")


def test_another_tool_is_told_with_what_it_is_given():
    asked = pairs(fault("unknown_tool", call=0))["asks for"]

    assert asked.recorded == 'refund {"order": "A-17"}'
    assert asked.as_run == 'refund_tool {"order": "A-17"}'


def test_bytes_are_cut_between_characters_and_say_that_there_are_more():
    (shown,) = [
        one
        for label, one in pairs(fault("max_tokens_in_number", offset=0), UMLAUTS).items()
        if label.startswith("bytes")
    ]

    for text in (shown.recorded, shown.as_run):
        assert "\\x" not in text
        assert text.startswith("…")
        assert text.endswith("…")


def test_a_reply_that_the_client_gave_up_on_is_retried_and_one_that_it_read_is_asked_again():
    def twice(ctx, text):
        return asking(ctx, text) + asking(ctx, text)

    def who(struck, agent):
        trace = judged(agent, "openai_chat", {"call 0": struck}, said=DONE, stream=False).trace
        return [row.who for row in timeline_rows(trace) if row.who.startswith("call 0,")]

    assert who(fault("stall", boundary="mid_body", seconds=601), asking) == ["call 0, retry 1"]
    assert who(fault("slow_first_byte", seconds=1), twice) == ["call 0, again 1"]
