"""The conversation of a run stands beside the recorded one: what differs is seen where it begins."""

from __future__ import annotations

import json
from dataclasses import replace

from agent_chaos.report.contents.beside import said_beside
from agent_chaos.trace.trace import Answer, Call, Trace
from tests.report.refund_campaign import BROKEN, CLEAN, call, text_reply
from tests.report.test_terminal_report import HOSTILE, hostile_trace


def told(rows):
    """Each row as who says what on which side, and how it begins."""
    return [
        tuple((one.who, one.what, one.text) if one else None for one in (row.recorded, row.as_run))
        for row in rows
    ]


def test_what_both_say_is_told_once_and_what_differs_on_either_side():
    rows = said_beside(CLEAN, BROKEN)

    assert [row.differs for row in rows] == [False, False, False, True, True, True, True, True]
    assert told(rows)[0] == (("user", "", "Refund A-17"), None)
    cut_call, early, ran = told(rows)[3:6]
    assert cut_call == (
        ("model", "asks for issue_refund", '{"order_id": "A-17", "amount": 1500}'),
        ("model", "asks for issue_refund", '{"order_id": "A-17", "amount": 15'),
    )
    assert early[0] is None
    assert early[1][1] == "call 1 came back as"
    assert "ends early" in early[1][2]
    assert [side[1] for side in ran] == [
        'issue_refund(order_id="A-17", amount=1500)',
        'issue_refund(order_id="A-17", amount=15)',
    ]
    assert [side[2] for side in told(rows)[-1]] == ["Done: I refunded $1,500.", "Done: I refunded $15."]


def test_a_history_that_the_model_never_said_is_told_as_the_agents():
    asked = json.loads(CLEAN.calls[0].request.body)
    made_up = {"role": "assistant", "content": "I have refunded it twice."}
    request = replace(
        CLEAN.calls[2].request,
        body=json.dumps(
            {**asked, "system": "Refund orders.", "messages": [*asked["messages"], made_up]}
        ).encode(),
    )
    entries = tuple(
        replace(one, request=request) if isinstance(one, Call) and one.call == 2 else one
        for one in CLEAN.entries
    )
    rows = said_beside(CLEAN, Trace(CLEAN.plan, entries, 4.52))

    assert ("agent", "sends as the model's: says", "I have refunded it twice.") in [
        row[1] for row in told(rows)
    ]
    assert not [row for row in rows if row.as_run and row.as_run.who == "system"]


def test_of_long_stretches_a_few_rows_are_told():
    calls = tuple(call(n, n, float(n), text_reply(f"Still thinking, {n}")) for n in range(100))
    long = Trace(CLEAN.plan, (*calls, Answer(100, 0, 100.0, "Refund A-17", "done", "done")), 100.0)
    same, other = said_beside(long, long), said_beside(CLEAN, long)

    assert [row.left_out for row in same] == [0, 0, 98, 0, 0]
    assert sum(row.left_out or 1 for row in other) > 100
    assert len(other) < 30


def test_of_long_texts_the_place_is_told_in_which_they_begin_to_differ():
    before, after = "x" * 5000 + "1500", "x" * 5000 + "15"
    first, second = (
        Trace(CLEAN.plan, (Answer(0, 0, 0.0, "Go", said, said),), 0.0) for said in (before, after)
    )
    row = said_beside(first, second)[-1]

    assert row.recorded.text.endswith("x1500")
    assert row.as_run.text.endswith("x15")
    assert len(row.as_run.text) < 200


def test_a_user_who_says_the_same_in_two_turns_is_told_twice():
    answers = tuple(Answer(n, n, float(n), "Again, please.", f"Answer {n}", f"Answer {n}") for n in range(2))
    trace = Trace(CLEAN.plan, answers, 2.0)
    said = [row[0] for row in told(said_beside(trace, trace))]

    assert [one[2] for one in said] == ["Again, please.", "Answer 0", "Again, please.", "Answer 1"]


def test_hostile_text_is_spelled_out():
    text = "".join(
        side.text + side.what
        for row in said_beside(CLEAN, hostile_trace())
        for side in (row.recorded, row.as_run)
        if side
    )

    assert HOSTILE not in text
    assert "\x1b" not in text
