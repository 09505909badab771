"""What each fault does to a reply, in the words of its description."""

import json
import re
from email.utils import parsedate_to_datetime
from itertools import pairwise

import pytest

from agent_chaos.providers.turn import Reasoning
from agent_chaos.stream.exchange import Abort, Data
from agent_chaos.stream.framing.sse import SSE
from tests.faults.catalogued import WIRE_FAULTS, faults_at, forms_of, named, target_of

STATUS = {
    "rate_limit": {"": 429},
    "rate_limit_long": {"": 429},
    "rate_limit_plain": {"": 429},
    "server_error": {"": 500},
    "overloaded": {"": 503, "anthropic_messages": 529},
    "auth_error": {"": 401, "gemini": 400},
    "context_length": {"": 400},
    "permission_error": {"": 403},
    "not_found": {"": 404, "openai_responses": 400},
    "invalid_request": {"": 400},
    "quota_exhausted": {"": 429, "anthropic_messages": 400},
    "payment_required": {"": 402, "gemini": 400},
    "request_timeout": {"": 408},
    "conflict": {"": 409},
    "payload_too_large": {"": 413, "gemini": 400},
    "unprocessable": {"": 422},
    "rate_limit_odd": {"": 429},
    "spend_limit": {"": 429},
}
BY_PROXY = {
    "bad_gateway": [502],
    "service_unavailable": [503],
    "html_body": [200],
    "cdn_error": [520, 522, 524],
}
BROKEN = {
    "connect_error": "refused",
    "reset_before_headers": "disconnected",
    "timeout_before_headers": "read_timeout",
    "connect_timeout": "connect_timeout",
    "dns_error": "dns",
    "tls_error": "tls",
    "pool_timeout": "pool_timeout",
    "write_error": "write_error",
    "bad_protocol": "bad_protocol",
    "reset_at_once": "reset",
    "write_timeout": "write_timeout",
}


def cases(*kinds, whole=True):
    return pytest.mark.parametrize(
        ("kind", "form"),
        [
            pytest.param(kind, form, id=f"{kind}-{named(form)}")
            for kind in kinds
            for form in forms_of(kind)
            if (whole or form[1]) and WIRE_FAULTS[kind].openings(target_of(form))
        ],
    )


def turn_of(where, reply=None):
    return where.protocol.parse(where.reply if reply is None else reply)


@cases(*STATUS)
def test_a_provider_error_has_its_status_and_body_and_comes_when_the_reply_would_have(kind, form):
    where = target_of(form)
    for fault in faults_at(kind, where):
        reply = fault.apply(where)

        assert reply.status == STATUS[kind].get(form[0], STATUS[kind][""])
        assert turn_of(where, reply).error
        assert not turn_of(where, reply).parts
        assert reply.head.at == pytest.approx(where.reply.head.at)


@cases(*(kind for kind in STATUS if "message" in WIRE_FAULTS[kind].model_fields))
def test_a_provider_error_says_what_it_is_told_to_say(kind, form):
    where = target_of(form)
    mute, told = WIRE_FAULTS[kind](), WIRE_FAULTS[kind](message="no, thank you: «€»")
    reply = told.apply(where)

    assert turn_of(where, reply).error["message"] == told.message
    assert reply.status == mute.apply(where).status
    assert int(reply.header("content-length")) == len(reply.body)


@cases("rate_limit", "rate_limit_long", "rate_limit_plain")
def test_a_rate_limit_says_how_long_to_wait_where_its_provider_does(kind, form):
    where = target_of(form)
    for fault in faults_at(kind, where):
        reply = fault.apply(where)
        seconds = getattr(fault, "retry_after_s", 0) or getattr(fault, "hours", 0) * 3_600
        told = reply.header("retry-after")
        if form[0] == "gemini":
            details = json.loads(reply.body)["error"].get("details", [])
            told = next((one["retryDelay"].removesuffix("s") for one in details if "retryDelay" in one), "")

        assert told == (str(seconds) if seconds else "")


@cases("quota_exhausted")
def test_an_exhausted_quota_is_told_from_a_rate_limit(kind, form):
    where = target_of(form)
    (fault,) = faults_at(kind, where)
    reply = fault.apply(where)
    error, status = turn_of(where, reply).error, {"anthropic_messages": 400}.get(form[0], 429)

    assert reply.status == status
    assert re.search("quota|credit balance", error["message"])
    assert not reply.header("retry-after")
    assert error.get("code") == "insufficient_quota" or "openai" not in form[0]
    assert reply.header("x-should-retry") == ("false" if form[0] == "anthropic_messages" else "")
    assert "PerDay" in reply.body.decode() or form[0] != "gemini"


@cases("gateway_timeout")
def test_a_gateway_that_timed_out_says_so_as_its_provider_does(kind, form):
    where = target_of(form)
    (fault,) = faults_at(kind, where)
    reply = fault.apply(where)
    plain = form[0].startswith("openai")

    assert reply.status == (408 if plain else 504)
    assert (reply.header("content-type") == "text/plain") == plain
    assert not turn_of(where, reply).parts


@cases(*BY_PROXY)
def test_a_proxy_answers_with_a_page_when_the_reply_would_have_come(kind, form):
    where = target_of(form)
    replies = [fault.apply(where) for fault in faults_at(kind, where)]

    assert [reply.status for reply in replies] == BY_PROXY[kind]
    for reply in replies:
        assert reply.header("content-type") == "text/html"
        assert reply.body.startswith(b"<html>")
        assert not turn_of(where, reply).parts
        assert reply.head.at == where.reply.head.at


@cases("odd_status")
def test_a_status_that_is_no_answer_has_no_body(kind, form):
    where = target_of(form)
    replies = [fault.apply(where) for fault in faults_at(kind, where)]

    assert [reply.status for reply in replies] == [204, 301, 304]
    assert not any(
        reply.body or reply.header("location") or reply.header("content-length") for reply in replies
    )


@cases("lost_state")
def test_the_provider_says_that_it_has_forgotten_what_was_named(kind, form):
    where = target_of(form)
    replies = {fault.why: fault.apply(where) for fault in faults_at(kind, where)}
    errors = {why: turn_of(where, reply).error for why, reply in replies.items()}

    assert "not found" in errors["not_found"]["message"]
    if form[0] == "anthropic_messages":
        assert {why: reply.status for why, reply in replies.items()} == {
            why: 404 if why == "not_found" else 400 for why in errors
        }
        assert {why: error["details"]["error_code"] for why, error in errors.items()} == {
            why: f"thread_{why}" for why in errors
        }
    else:
        assert list(replies) == ["not_found"]
        assert replies["not_found"].status == 400
        assert errors["not_found"]["param"] == "previous_response_id"


@cases("rate_limit_odd")
def test_an_odd_retry_after_is_as_its_form_says(kind, form):
    where = target_of(form)
    told = {fault.form: fault.apply(where).header("retry-after") for fault in faults_at(kind, where)}
    date = parsedate_to_datetime(told.pop("date"))

    assert 0 < (date - parsedate_to_datetime(where.reply.header("date"))).total_seconds() < 60
    assert told == {
        "past_date": "Wed, 21 Oct 2015 07:28:00 GMT",
        "fraction": "0.5",
        "zero": "0",
        "negative": "-1",
        "empty": "",
        "unit": "30s",
        "list": "3, 9",
        "not_a_number": "nan",
        "infinite": "inf",
        "far_date": "Fri, 31 Dec 99999 23:59:59 GMT",
    }


@cases("empty_body", "bare_body")
def test_a_reply_of_nothing_is_a_success_by_its_status(kind, form):
    where = target_of(form)
    for fault in faults_at(kind, where):
        reply = fault.apply(where)
        body = {"object": b"{}", "null": b"null", "list": b"[]", "string": b'"ok"', "": b""}[
            getattr(fault, "shape", "")
        ]

        assert reply.ok
        assert reply.body == body
        assert reply.header("content-type") == where.reply.header("content-type")
        assert not turn_of(where, reply).parts


@cases("error_body")
def test_an_error_that_says_it_is_a_success_is_one_by_its_body(kind, form):
    where = target_of(form)
    (fault,) = faults_at(kind, where)
    reply = fault.apply(where)

    assert reply.ok
    assert turn_of(where, reply).error
    assert not turn_of(where, reply).parts
    assert json.loads(reply.body)["error"]


@cases("wrong_content_type", "bad_encoding")
def test_a_header_that_lies_changes_nothing_else(kind, form):
    where = target_of(form)
    (fault,) = faults_at(kind, where)
    reply = fault.apply(where)
    name, told = {
        "wrong_content_type": ("content-type", "text/plain"),
        "bad_encoding": ("content-encoding", "gzip"),
    }[kind]

    assert reply.header(name) == told != where.reply.header(name)
    assert reply.events[1:] == where.reply.events[1:]
    assert len(set(reply.headers) - set(where.reply.headers)) == 1


@cases(*BROKEN)
def test_no_byte_arrives_before_the_connection_breaks(kind, form):
    where = target_of(form)
    for fault in faults_at(kind, where):
        (last,) = fault.apply(where).events

        assert last == Abort(BROKEN[kind], at=getattr(fault, "seconds", 0.05))


@cases("slow_first_byte", "slow_stream", "stall")
def test_a_slow_reply_says_the_same_that_much_later(kind, form):
    where = target_of(form)
    for fault in faults_at(kind, where):
        reply = fault.apply(where)
        chunks = [event for event in where.reply.events if isinstance(event, Data)]
        late = fault.seconds * (len(chunks) if kind == "slow_stream" else 1)

        assert reply.body == where.reply.body
        assert reply.duration == pytest.approx(where.reply.duration + late)
        assert (reply.head.at > where.reply.head.at) == (kind == "slow_first_byte")


@cases("stall")
def test_a_stall_is_one_gap_at_its_boundary(kind, form):
    where = target_of(form)
    for fault in faults_at(kind, where):
        events = fault.apply(where).events
        gaps = [i for i, (now, then) in enumerate(pairwise(events)) if then.at - now.at >= fault.seconds]
        before = b"".join(event.data for event in events[: gaps[0] + 1] if isinstance(event, Data))

        assert len(gaps) == 1
        assert before == _until(where, fault.boundary)


def _until(where, boundary):
    """The body up to a boundary, as truncation leaves it."""
    return WIRE_FAULTS["truncate"](boundary=boundary, offset=0).apply(where).body


@cases("keep_alive_noise")
def test_noise_is_frames_between_the_recorded_ones(kind, form):
    where = target_of(form)
    for fault in faults_at(kind, where):
        body = fault.apply(where).body
        found = sum(body.count(noise) - where.reply.body.count(noise) for noise in where.protocol.noise())
        for noise in where.protocol.noise():
            body = body.replace(noise, b"")

        assert found > 0
        assert body == b"".join(where.reply.body.split(where.protocol.noise()[0]))


@cases("truncate")
def test_a_truncated_reply_ends_as_if_all_were_well_and_is_not_complete(kind, form):
    where = target_of(form)
    for fault in faults_at(kind, where):
        reply = fault.apply(where)

        assert reply.ok
        assert len(reply.body) < len(where.reply.body)
        assert not turn_of(where, reply).complete


@cases("reset_in_body", "incomplete_body")
def test_a_broken_transfer_breaks_where_truncation_would_end(kind, form):
    where = target_of(form)
    for fault in faults_at(kind, where):
        twin = WIRE_FAULTS["truncate"](boundary=fault.boundary, offset=fault.offset)
        reply = fault.apply(where)

        assert reply.body == twin.apply(where).body
        assert isinstance(reply.events[-1], Abort)
        assert reply.events[-1].kind == kind.removesuffix("_in_body").removesuffix("_body")


@cases("truncate", whole=False)
def test_a_cut_falls_where_its_boundary_says(kind, form):
    where = target_of(form)
    recorded = turn_of(where)
    for fault in faults_at(kind, where):
        reply = fault.apply(where)
        turn = turn_of(where, reply)
        said = [getattr(part, "text", getattr(part, "arguments", "")) for part in turn.parts]
        meant = [getattr(part, "text", getattr(part, "arguments", "")) for part in recorded.parts]
        last = said[-1] if said else ""
        cut = bool(said) and last != meant[len(said) - 1] and meant[len(said) - 1].startswith(last)
        match fault.boundary:
            case "mid_text":
                assert cut
                assert not turn.tool_calls
            case "mid_number":
                assert cut
                assert last[-1].isdigit()
            case "mid_string":
                assert cut
                assert last.replace('\\"', "").count('"') % 2
            case "mid_escape":
                assert cut
                assert last.endswith("\\")
            case "mid_utf8":
                with pytest.raises(UnicodeDecodeError):
                    reply.body.decode()
            case "mid_frame":
                assert not reply.body.endswith(b"\n\n")
                assert where.reply.body.startswith(reply.body)
            case "after_event" | "before_terminator":
                assert reply.body.replace(b"\r", b"").endswith(b"\n\n")
                assert where.reply.body.startswith(reply.body)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_a_gemini_call_arrives_whole_so_nothing_ends_inside_its_arguments(stream):
    where = target_of(("gemini", stream, "tools"))
    offered = {choice["boundary"] for choice in WIRE_FAULTS["truncate"].openings(where)}

    assert not offered & {"mid_number", "mid_string", "mid_escape"}
    assert offered


@cases("error_event")
def test_a_stream_that_reports_an_error_says_what_came_before_it(kind, form):
    where = target_of(form)
    recorded = turn_of(where)
    for fault in faults_at(kind, where):
        reply = fault.apply(where)
        turn = turn_of(where, reply)
        boundary = {"middle": "after_event", "end": "before_terminator"}.get(fault.where)
        before = _until(where, boundary) if boundary else b""

        assert reply.body == before + where.protocol.error_frames(fault.error)
        assert reply.ok
        assert turn.error
        assert bool(turn.parts) == (fault.where != "start")
        assert recorded.text.startswith(turn.text)


@cases("max_tokens_in_text", "paused_in_text")
def test_an_answer_that_hits_the_limit_or_pauses_is_complete_and_short(kind, form):
    where = target_of(form)
    recorded = turn_of(where)
    for fault in faults_at(kind, where):
        turn = turn_of(where, fault.apply(where))
        kept = len(turn.text) / len(recorded.text)

        assert turn.complete
        assert turn.stop == ("pause" if kind == "paused_in_text" else "length")
        assert recorded.text.startswith(turn.text)
        assert kept == pytest.approx(1 - fault.percent_lost / 100, abs=0.02)


def _holds_json(form):
    """Whether arguments are a JSON value on the wire, so that a cut leaves what is whole of them."""
    return form[0] == "gemini" or form[:2] == ("anthropic_messages", False)


@cases("max_tokens_in_tool_call")
def test_a_call_that_hits_the_limit_is_cut_and_nothing_follows(kind, form):
    where = target_of(form)
    recorded = turn_of(where)
    for fault in faults_at(kind, where):
        turn = turn_of(where, fault.apply(where))
        cut, meant = turn.tool_calls[-1].arguments, recorded.tool_calls[fault.call].arguments

        assert turn.complete
        assert turn.stop == "length"
        assert len(turn.tool_calls) == fault.call + 1
        assert turn.tool_calls[:-1] == recorded.tool_calls[: fault.call]
        assert cut != meant
        assert json.loads(cut) != json.loads(meant) if _holds_json(form) else meant.startswith(cut)


@cases("malformed_arguments")
def test_malformed_arguments_are_wrong_as_their_shape_says_and_the_rest_is_as_it_was(kind, form):
    where = target_of(form)
    recorded = turn_of(where)
    for fault in faults_at(kind, where):
        turn = turn_of(where, fault.apply(where))
        arguments, meant = (one.tool_calls[fault.call].arguments for one in (turn, recorded))
        others = [
            [call for i, call in enumerate(one.tool_calls) if i != fault.call] for one in (turn, recorded)
        ]

        assert (turn.text, turn.stop, turn.complete) == (recorded.text, recorded.stop, True)
        assert others[0] == others[1]
        assert turn.tool_calls[fault.call].id == recorded.tool_calls[fault.call].id
        if fault.shape == "empty":
            assert arguments in ("", "{}")
        elif fault.shape == "null":
            assert arguments == "null"
        elif fault.shape == "two_objects":
            assert arguments == meant * 2
        elif fault.shape == "wrong_type":
            types = [
                {key: type(value) for key, value in json.loads(text).items()} for text in (arguments, meant)
            ]

            assert types[0].keys() == types[1].keys()
            assert all(types[0][key] is not types[1][key] for key in types[0])
        elif fault.shape in ("list", "string", "not_a_number"):
            value = json.loads(arguments)

            assert type(value) is {"list": list, "string": str, "not_a_number": dict}[fault.shape]
            assert value != json.loads(meant)
        elif form[0] == "gemini":
            assert json.loads(arguments) != json.loads(meant)
        else:
            with pytest.raises(ValueError, match=r"line \d"):
                json.loads(arguments)


@cases("hollow_body")
def test_where_the_answer_stood_is_nothing(kind, form):
    where = target_of(form)
    recorded = where.reply.json
    for fault in faults_at(kind, where):
        body = fault.apply(where).json
        (emptied,) = (name for name in recorded if body[name] != recorded[name])

        assert body.keys() == recorded.keys()
        assert emptied in ("content", "choices", "output", "candidates")
        assert body[emptied] == (None if fault.holds == "null" else [])


@cases("bad_text")
def test_one_byte_is_no_text_or_a_mark_stands_before_it(kind, form):
    where = target_of(form)
    recorded = where.reply.body
    for fault in faults_at(kind, where):
        body = fault.apply(where).body
        if fault.shape == "byte_order_mark":
            assert body == b"\xef\xbb\xbf" + recorded
            continue
        with pytest.raises(UnicodeDecodeError):
            body.decode()

        assert len(body) == len(recorded)
        assert sum(now != then for now, then in zip(body, recorded, strict=True)) == 1


@cases("unstreamed")
def test_the_same_turn_comes_whole_where_a_stream_was_asked_for(kind, form):
    where = target_of(form)
    (fault,) = faults_at(kind, where)
    reply = fault.apply(where)
    body = reply.json
    said = [word for word in re.findall(r"[a-zA-Z]{4,}", turn_of(where).text) if word in json.dumps(body)]

    assert isinstance(body, dict)
    assert reply.header("content-type") == "application/json"
    assert len(said) == len(re.findall(r"[a-zA-Z]{4,}", turn_of(where).text))
    assert reply.head.at == pytest.approx(where.reply.duration)


def lines_of(reply):
    return [one.raw for one in SSE.frames(reply.body)]


@cases("broken_event")
def test_one_event_in_the_middle_breaks_off(kind, form):
    where = target_of(form)
    (fault,) = faults_at(kind, where)
    reply = fault.apply(where)
    changed = [
        (now, then) for now, then in zip(lines_of(reply), lines_of(where.reply), strict=True) if now != then
    ]

    assert len(changed) == 1
    assert changed[0][1].startswith(changed[0][0].rstrip())
    with pytest.raises(ValueError, match=r"line 1|Expecting"):
        json.loads(SSE.frames(changed[0][0])[0].data)


@cases("nameless_events")
def test_events_keep_their_data_and_lose_their_names(kind, form):
    where = target_of(form)
    (fault,) = faults_at(kind, where)
    now, then = SSE.frames(fault.apply(where).body), SSE.frames(where.reply.body)

    assert [one.data for one in now] == [one.data for one in then]
    assert b"event:" not in fault.apply(where).body
    assert b"event:" in where.reply.body


@cases("lost_opening")
def test_only_an_opening_is_lost(kind, form):
    where = target_of(form)
    recorded = lines_of(where.reply)
    for fault in faults_at(kind, where):
        left = lines_of(fault.apply(where))
        at = next(i for i, raw in enumerate(recorded) if left[i : i + 1] != [raw])

        assert left == recorded[:at] + recorded[at + 1 :]
        assert (at == 0) == (fault.of == "reply")
        assert fault.apply(where).duration == where.reply.duration


@cases("flat_error")
def test_an_error_with_its_fields_at_the_top_ends_the_stream(kind, form):
    where = target_of(form)
    (fault,) = faults_at(kind, where)
    *before, last = SSE.frames(fault.apply(where).body)
    told = json.loads(last.data)

    assert [one.raw for one in before] == lines_of(where.reply)[: len(before)]
    assert (last.event, told["type"], told["code"]) == ("error", "error", "server_error")
    assert "error" not in told


@cases("control_frame", "unknown_event")
def test_between_the_events_stand_others_that_say_nothing(kind, form):
    where = target_of(form)
    recorded = lines_of(where.reply)
    for fault in faults_at(kind, where):
        reply = fault.apply(where)
        added = [raw for raw in lines_of(reply) if raw not in recorded]

        assert [raw for raw in lines_of(reply) if raw in recorded] == recorded
        assert added or len(reply.body) > len(where.reply.body)
        said = [
            (turn.text, [(call.id, call.name, call.arguments) for call in turn.tool_calls])
            for turn in (turn_of(where, reply), turn_of(where))
        ]

        assert said[0] == said[1]
        assert reply.duration == where.reply.duration


@cases("only_noise")
def test_a_stream_of_noise_holds_no_event(kind, form):
    where = target_of(form)
    (fault,) = faults_at(kind, where)
    reply = fault.apply(where)

    assert reply.ok
    assert reply.body == where.protocol.noise()[-1] * 3
    assert not turn_of(where, reply).parts


@cases("gemini_stop")
def test_a_gemini_reply_stops_in_another_of_its_words(kind, form):
    where = target_of(form)
    for fault in faults_at(kind, where):
        turn = turn_of(where, fault.apply(where))

        assert not turn.parts
        assert turn.stop_raw == fault.reason
        assert turn.complete


@cases("blocked_prompt")
def test_a_blocked_prompt_has_no_candidate(kind, form):
    where = target_of(form)
    (fault,) = faults_at(kind, where)
    turn = turn_of(where, fault.apply(where))

    assert (turn.parts, turn.stop, turn.stop_raw) == ((), "filter", "PROHIBITED_CONTENT")
    assert b"candidates" not in fault.apply(where).body


@cases("garbled_text")
def test_an_answer_in_other_clothes_is_complete(kind, form):
    where = target_of(form)
    recorded = turn_of(where)
    for fault in faults_at(kind, where):
        turn = turn_of(where, fault.apply(where))

        assert (turn.stop, turn.complete) == (recorded.stop, True)
        assert turn.text != recorded.text
        assert (recorded.text in turn.text) == (fault.shape in ("fenced", "introduced"))
        assert turn.text.startswith(
            {
                "fenced": "```",
                "introduced": "Sure!",
                "repeated": "Grüße Grüße",
                "separated": "Grüße\u2028aus",
            }[fault.shape]
        )
        assert fault.shape != "separated" or turn.text.split() == recorded.text.split()


@cases("empty_reply", "refusal")
def test_a_reply_without_an_answer_is_complete_and_has_no_parts(kind, form):
    where = target_of(form)
    (fault,) = faults_at(kind, where)
    turn, recorded = turn_of(where, fault.apply(where)), turn_of(where)

    assert not turn.parts
    assert turn.complete
    assert turn.stop == ("filter" if kind == "refusal" else "end")
    assert (turn.id, turn.model, turn.usage) == (recorded.id, recorded.model, recorded.usage)


@cases("odd_usage")
def test_only_the_count_of_tokens_is_odd(kind, form):
    where = target_of(form)
    recorded = turn_of(where)
    for fault in faults_at(kind, where):
        turn = turn_of(where, fault.apply(where))
        tokens = turn.usage.input_tokens + turn.usage.output_tokens if turn.usage else None
        last = fault.apply(where).body.rpartition(b"finishReason")[2]
        uncounted = b"usageMetadata" not in last if form[:2] == ("gemini", True) else not tokens

        assert (turn.text, turn.stop, turn.complete) == (recorded.text, recorded.stop, True)
        assert [call.arguments for call in turn.tool_calls] == [
            call.arguments for call in recorded.tool_calls
        ]
        assert {
            "missing": uncounted,
            "zero": tokens == 0,
            "negative": tokens == -2,
            "huge": tokens == 4_000_000_000,
        }[fault.counted]


@cases("unknown_stop")
def test_the_stop_is_a_word_of_the_future(kind, form):
    where = target_of(form)
    (fault,) = faults_at(kind, where)
    turn, recorded = turn_of(where, fault.apply(where)), turn_of(where)

    assert turn.stop_raw == "hologram"
    assert turn.stop == "other"
    assert (turn.text, turn.tool_calls, turn.complete) == (recorded.text, recorded.tool_calls, True)


@cases("missing_tool_call")
def test_the_stop_speaks_of_tools_and_none_is_called(kind, form):
    where = target_of(form)
    (fault,) = faults_at(kind, where)
    turn = turn_of(where, fault.apply(where))

    assert (turn.text, turn.tool_calls, turn.stop) == (turn_of(where).text, (), "tool_use")


@cases("lost_tool_id")
def test_the_first_call_has_no_id_and_is_as_it_was(kind, form):
    where = target_of(form)
    (fault,) = faults_at(kind, where)
    first, *others = turn_of(where, fault.apply(where)).tool_calls
    then, *rest = turn_of(where).tool_calls

    assert (first.id, first.name, first.arguments) == ("", then.name, then.arguments)
    assert [one.id for one in others] == [one.id for one in rest]


@cases("lost_blank_line")
def test_a_stream_ends_before_the_blank_line(kind, form):
    where = target_of(form)
    (fault,) = faults_at(kind, where)
    body, recorded = (reply.body.replace(b"\r", b"") for reply in (fault.apply(where), where.reply))

    assert body + b"\n" == recorded
    assert not body.endswith(b"\n\n")


@cases("unknown_tool", "unnamed_tool", "missing_argument")
def test_one_call_is_changed_and_all_else_is_as_recorded(kind, form):
    where = target_of(form)
    recorded = turn_of(where)
    for fault in faults_at(kind, where):
        turn = turn_of(where, fault.apply(where))
        now, then = (one.tool_calls[fault.call] for one in (turn, recorded))
        others = [
            [call for i, call in enumerate(one.tool_calls) if i != fault.call] for one in (turn, recorded)
        ]

        assert (turn.text, turn.stop, turn.complete, now.id) == (recorded.text, recorded.stop, True, then.id)
        assert others[0] == others[1]
        if kind == "unknown_tool":
            assert now.name not in {call.name for call in recorded.tool_calls}
            assert now.arguments == then.arguments
        elif kind == "unnamed_tool":
            assert (now.name, now.arguments) == ("", then.arguments)
        else:
            assert now.name == then.name
            assert list(json.loads(now.arguments).items()) == list(json.loads(then.arguments).items())[:-1]


@cases("wrong_type", "extra_argument", "other_value")
def test_arguments_break_the_tools_own_schema_or_just_fit_it(kind, form):
    where = target_of(form)
    recorded = turn_of(where)
    for fault in faults_at(kind, where):
        turn = turn_of(where, fault.apply(where))
        now, then = (json.loads(one.tool_calls[fault.call].arguments) for one in (turn, recorded))
        calls = [[(call.id, call.name) for call in one.tool_calls] for one in (turn, recorded)]

        assert (turn.text, turn.stop, turn.complete, calls[0]) == (
            recorded.text,
            recorded.stop,
            True,
            calls[1],
        )
        assert {name: now[name] for name in then if name != "amount"} == {
            name: then[name] for name in then if name != "amount"
        }
        assert now["amount"] == {"wrong_type": "a few", "other_value": 5000}.get(kind, then["amount"])
        assert set(now) - set(then) == ({"confirm_with_customer"} if kind == "extra_argument" else set())


@cases("repeated_tool_call")
def test_the_last_call_stands_there_twice(kind, form):
    where = target_of(form)
    recorded = turn_of(where)
    for fault in faults_at(kind, where):
        reply = fault.apply(where)
        turn = turn_of(where, reply)
        *first, last, again = turn.tool_calls
        ids = where.protocol.ids(reply)

        assert (*first, last) == recorded.tool_calls
        assert (again.name, again.arguments) == (last.name, last.arguments)
        assert (again.id == last.id) == (fault.ids == "same")
        assert fault.ids == "same" or len(set(ids)) > len(set(where.protocol.ids(where.reply)))
        assert (turn.text, turn.stop, turn.complete) == (recorded.text, recorded.stop, True)


@cases("repeated_tool_id")
def test_two_calls_have_one_id_and_are_two(kind, form):
    where = target_of(form)
    (fault,) = faults_at(kind, where)
    first, second = turn_of(where, fault.apply(where)).tool_calls

    assert first == turn_of(where).tool_calls[0]
    assert second.id == first.id
    assert (second.name, second.arguments) == ("refund", turn_of(where).tool_calls[1].arguments)


@cases("wrong_stop")
def test_tool_calls_come_with_the_stop_of_an_answer(kind, form):
    where = target_of(form)
    (fault,) = faults_at(kind, where)
    turn, recorded = turn_of(where, fault.apply(where)), turn_of(where)

    assert turn.stop == "end"
    assert turn.parts == recorded.parts
    assert turn.complete


@cases("rechunk")
def test_the_same_bytes_come_in_other_pieces(kind, form):
    where = target_of(form)
    for fault in faults_at(kind, where):
        reply = fault.apply(where)
        chunks = [event.data for event in reply.events if isinstance(event, Data)]

        assert reply.body == where.reply.body
        assert reply.duration == where.reply.duration
        assert len(chunks) == (1 if fault.pieces == "one" else len(reply.body))


@cases("respelled_stream")
def test_the_same_events_come_in_another_spelling(kind, form):
    where = target_of(form)
    for fault in faults_at(kind, where):
        reply = fault.apply(where)
        said = [[(one.event, one.data) for one in SSE.frames(each.body)] for each in (reply, where.reply)]

        assert said[0] == said[1]
        assert b"\r" not in reply.body or fault.spelling != "lf"
        assert reply.body.count(b"\n") == reply.body.count(b"\r\n") or fault.spelling != "crlf"
        assert b"\ndata: " not in reply.body or fault.spelling != "no_space"
        assert reply.body.startswith(b"\xef\xbb\xbf") == (fault.spelling == "bom")
        assert reply.duration == where.reply.duration


@cases("misdelivered_event")
def test_one_event_of_the_text_is_misdelivered_and_the_rest_is_as_recorded(kind, form):
    where = target_of(form)
    recorded = turn_of(where)
    for fault in faults_at(kind, where):
        reply = fault.apply(where)
        turn = turn_of(where, reply)
        now, then = ([one.raw for one in SSE.frames(each.body)] for each in (reply, where.reply))

        assert len(now) - len(then) == {"doubled": 1, "lost": -1, "swapped": 0}[fault.how]
        assert set(now) <= set(then)
        assert now != then
        assert (turn.tool_calls, turn.stop, turn.complete) == (recorded.tool_calls, recorded.stop, True)
        assert reply.duration == where.reply.duration


def test_every_fault_of_the_catalogue_has_its_effect_tested_here():
    tested = {
        param.values[0]
        for one in list(globals().values())
        for mark in getattr(one, "pytestmark", [])
        for param in mark.args[1]
        if mark.args[0] == ("kind", "form")
    }

    assert tested == set(WIRE_FAULTS)


@cases("null_field")
def test_a_value_is_null_and_all_else_is_as_recorded(kind, form):
    where = target_of(form)
    recorded = turn_of(where)
    names = {
        "tool_id": ("", "id", "call_id"),
        "tool_name": ("", "name"),
        "arguments": ("", "input", "arguments", "args"),
    }
    for fault in faults_at(kind, where):
        reply = fault.apply(where)
        turn = turn_of(where, reply)

        if fault.field == "stop":
            assert (turn.stop_raw, turn.text) == (None, recorded.text)
        elif fault.field == "usage":
            assert (turn.text, turn.tool_calls) == (recorded.text, recorded.tool_calls)
            assert turn.usage is None or (turn.usage.input_tokens, turn.usage.output_tokens) == (0, 0)
        elif fault.field in names:
            lost = re.findall(rb'"(\w+)": ?null', reply.body)

            assert {name.decode() for name in lost} & set(names[fault.field])
            assert turn.text == recorded.text
        else:
            assert not turn.text


@cases("unknown_part")
def test_a_block_of_the_future_comes_first_and_the_rest_is_as_recorded(kind, form):
    where = target_of(form)
    (fault,) = faults_at(kind, where)
    turn, recorded = turn_of(where, fault.apply(where)), turn_of(where)

    assert turn.parts[0].kind == "hologram"
    assert (turn.text, turn.stop, turn.complete) == (recorded.text, recorded.stop, True)
    assert [(call.id, call.arguments) for call in turn.tool_calls] == [
        (call.id, call.arguments) for call in recorded.tool_calls
    ]


def thought(turn):
    return "".join(part.text for part in turn.parts if isinstance(part, Reasoning))


_SIGNATURE = b"EqQBCgIYAhIM1gbcDa9GJwZA2b3hGgxBdjrkzLoky3dl1pk"


@cases("bad_signature")
def test_a_signature_is_lost_or_another_and_the_thought_is_as_it_was(kind, form):
    where = target_of(form)
    recorded = turn_of(where)
    for fault in faults_at(kind, where):
        reply = fault.apply(where)
        turn = turn_of(where, reply)

        assert _SIGNATURE in where.reply.body
        assert _SIGNATURE not in reply.body
        assert (_SIGNATURE[:-4] in reply.body) == (fault.how == "changed")
        assert thought(turn) == thought(recorded) == "Erst die Bestellung."
        assert (turn.text, turn.stop, turn.complete, turn.usage) == (
            recorded.text,
            recorded.stop,
            recorded.complete,
            recorded.usage,
        )
        assert [(call.id, call.arguments) for call in turn.tool_calls] == [
            (call.id, call.arguments) for call in recorded.tool_calls
        ]


@cases("redirect")
def test_a_redirect_leads_to_the_same_address(kind, form):
    where = target_of(form)
    (fault,) = faults_at(kind, where)
    reply = fault.apply(where)

    assert (reply.status, reply.body) == (307, b"")
    assert reply.header("location") == where.request.url


@cases("spend_limit")
def test_a_spend_limit_is_told_by_its_code(kind, form):
    where = target_of(form)
    for fault in faults_at(kind, where):
        error = fault.apply(where).json["error"]

        assert error["type"] == "rate_limit_error"
        assert error["details"] == {"error_code": fault.limit}
        assert "limit" in error["message"]


@cases("failed_response")
def test_a_response_fails_in_the_middle_of_its_text(kind, form):
    where = target_of(form)
    recorded = turn_of(where)
    for fault in faults_at(kind, where):
        reply = fault.apply(where)
        turn = turn_of(where, reply)

        assert (turn.stop_raw, turn.complete, turn.tool_calls) == ("failed", True, ())
        assert turn.error["code"] == fault.code
        assert turn.text == recorded.text[: len(recorded.text) // 2]
        assert b"event: error" not in reply.body


@cases("endless_tool_call")
def test_the_call_whose_result_was_brought_is_asked_for_again(kind, form):
    where = target_of(form)
    (fault,) = faults_at(kind, where)
    turn = turn_of(where, fault.apply(where))
    (call,) = turn.tool_calls

    assert (call.name, json.loads(call.arguments)) == ("refund", {"order": "A-17", "amount": 1500})
    assert call.id != "call_1234567"
    assert call.id != "toolu_1234567"
    assert (turn.text, turn.stop, turn.complete) == ("", "tool_use", True)
    assert fault.rest(where) == fault.apply(where)
