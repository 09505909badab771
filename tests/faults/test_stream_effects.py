"""What each stream fault does to the events of a reply."""

import json

import pytest

from agent_chaos.stream.framing.sse import SSE
from tests.faults.cases import cases, turn_of
from tests.faults.catalogued import WIRE_FAULTS, faults_of, seen


def _until(where, boundary):
    """The body up to a boundary, as truncation leaves it."""
    return WIRE_FAULTS["truncate"](boundary=boundary, offset=0).apply(where).body


@cases("keep_alive_noise")
def test_noise_is_frames_between_the_recorded_ones(kind, form):
    where = seen(form)
    for fault in faults_of(kind, form):
        body = fault.apply(where).body
        found = sum(body.count(noise) - where.reply.body.count(noise) for noise in where.protocol.noise())
        for noise in where.protocol.noise():
            body = body.replace(noise, b"")

        assert found > 0
        assert body == b"".join(where.reply.body.split(where.protocol.noise()[0]))


@cases("error_event")
def test_a_stream_that_reports_an_error_says_what_came_before_it(kind, form):
    where = seen(form)
    recorded = turn_of(where)
    for fault in faults_of(kind, form):
        reply = fault.apply(where)
        turn = turn_of(where, reply)
        boundary = {"middle": "after_event", "end": "before_terminator"}.get(fault.where)
        before = _until(where, boundary) if boundary else b""

        assert reply.body == before + where.protocol.error_frames(fault.error, where.reply)
        assert reply.ok
        assert turn.error
        assert bool(turn.parts) == (fault.where != "start")
        assert recorded.text.startswith(turn.text)


def lines_of(where, reply):
    return [one.raw for one in where.framing.frames(reply.body)]


@cases("broken_event")
def test_one_event_in_the_middle_breaks_off(kind, form):
    where = seen(form)
    (fault,) = faults_of(kind, form)
    told = (where.framing.frames(each.body) for each in (fault.apply(where), where.reply))
    changed = [(now.data, then.data) for now, then in zip(*told, strict=True) if now.raw != then.raw]

    assert len(changed) == 1
    assert changed[0][1].startswith(changed[0][0])
    with pytest.raises(ValueError, match=r"line 1|Expecting"):
        json.loads(changed[0][0])


@cases("nameless_events")
def test_events_keep_their_data_and_lose_their_names(kind, form):
    where = seen(form)
    (fault,) = faults_of(kind, form)
    now, then = SSE.frames(fault.apply(where).body), SSE.frames(where.reply.body)

    assert [one.data for one in now] == [one.data for one in then]
    assert b"event:" not in fault.apply(where).body
    assert b"event:" in where.reply.body


@cases("lost_opening")
def test_only_an_opening_is_lost(kind, form):
    where = seen(form)
    recorded = lines_of(where, where.reply)
    for fault in faults_of(kind, form):
        left = lines_of(where, fault.apply(where))
        at = next(i for i, raw in enumerate(recorded) if left[i : i + 1] != [raw])

        assert left == recorded[:at] + recorded[at + 1 :]
        assert (at == 0) == (fault.of == "reply")
        assert fault.apply(where).duration == where.reply.duration


@cases("flat_error")
def test_an_error_with_its_fields_at_the_top_ends_the_stream(kind, form):
    where = seen(form)
    (fault,) = faults_of(kind, form)
    *before, last = SSE.frames(fault.apply(where).body)
    told = json.loads(last.data)

    assert [one.raw for one in before] == lines_of(where, where.reply)[: len(before)]
    assert (last.event, told["type"], told["code"]) == ("error", "error", "server_error")
    assert "error" not in told


@cases("control_frame", "unknown_event")
def test_between_the_events_stand_others_that_say_nothing(kind, form):
    where = seen(form)
    recorded = lines_of(where, where.reply)
    for fault in faults_of(kind, form):
        reply = fault.apply(where)
        added = [raw for raw in lines_of(where, reply) if raw not in recorded]

        assert [raw for raw in lines_of(where, reply) if raw in recorded] == recorded
        assert added or len(reply.body) > len(where.reply.body)
        said = [
            (turn.text, [(call.id, call.name, call.arguments) for call in turn.tool_calls])
            for turn in (turn_of(where, reply), turn_of(where))
        ]

        assert said[0] == said[1]
        assert reply.duration == where.reply.duration


@cases("only_noise")
def test_a_stream_of_noise_holds_no_event(kind, form):
    where = seen(form)
    (fault,) = faults_of(kind, form)
    reply = fault.apply(where)

    assert reply.ok
    assert reply.body == where.protocol.noise()[-1] * 3
    assert not turn_of(where, reply).parts


@cases("lost_blank_line")
def test_a_stream_ends_before_the_blank_line(kind, form):
    where = seen(form)
    (fault,) = faults_of(kind, form)
    body, recorded = (reply.body.replace(b"\r", b"") for reply in (fault.apply(where), where.reply))

    assert body + b"\n" == recorded
    assert not body.endswith(b"\n\n")


@cases("respelled_stream")
def test_the_same_events_come_in_another_spelling(kind, form):
    where = seen(form)
    for fault in faults_of(kind, form):
        reply = fault.apply(where)
        said = [[(one.event, one.data) for one in SSE.frames(each.body)] for each in (reply, where.reply)]

        assert said[0] == said[1]
        assert b"\r" not in reply.body or fault.spelling != "lf"
        assert reply.body.count(b"\n") == reply.body.count(b"\r\n") or fault.spelling != "crlf"
        assert b"\ndata: " not in reply.body or fault.spelling != "no_space"
        assert reply.duration == where.reply.duration


@cases("misdelivered_event")
def test_one_event_of_the_text_is_misdelivered_and_the_rest_is_as_recorded(kind, form):
    where = seen(form)
    recorded = turn_of(where)
    for fault in faults_of(kind, form):
        reply = fault.apply(where)
        turn = turn_of(where, reply)
        now, then = (lines_of(where, each) for each in (reply, where.reply))

        assert len(now) - len(then) == {"doubled": 1, "lost": -1, "swapped": 0}[fault.how]
        assert set(now) <= set(then)
        assert now != then
        assert (turn.tool_calls, turn.stop, turn.complete) == (recorded.tool_calls, recorded.stop, True)
        assert reply.duration == where.reply.duration
