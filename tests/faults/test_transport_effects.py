"""What each transport fault does to a reply, in the words of its description."""

import json
import re
from email.utils import parsedate_to_datetime
from itertools import pairwise

import pytest

from agent_chaos.stream.exchange import Abort, Data
from tests.faults.cases import cases, turn_of
from tests.faults.catalogued import WIRE_FAULTS, faults_of, seen
from tests.standin.wires import told

STATUS = {
    "rate_limit": 429,
    "rate_limit_long": 429,
    "rate_limit_plain": 429,
    "server_error": 500,
    "overloaded": 503,
    "auth_error": 401,
    "context_length": 400,
    "permission_error": 403,
    "not_found": 404,
    "invalid_request": 400,
    "quota_exhausted": 429,
    "payment_required": 402,
    "request_timeout": 408,
    "conflict": 409,
    "payload_too_large": 413,
    "unprocessable": 422,
    "rate_limit_odd": 429,
    "spend_limit": 429,
}
"""Of most providers; what others answer stands with their wires."""
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


@cases(*STATUS)
def test_a_provider_error_has_its_status_and_body_and_comes_when_the_reply_would_have(kind, form):
    where = seen(form)
    for fault in faults_of(kind, form):
        reply = fault.apply(where)

        assert reply.status == told(form[0], "STATUS").get(kind, STATUS[kind])
        assert turn_of(where, reply).error
        assert not turn_of(where, reply).parts
        assert reply.head.at == pytest.approx(where.reply.head.at)


@cases(*(kind for kind in STATUS if "message" in WIRE_FAULTS[kind].model_fields))
def test_a_provider_error_says_what_it_is_told_to_say(kind, form):
    where = seen(form)
    mute, told = WIRE_FAULTS[kind](), WIRE_FAULTS[kind](message="no, thank you: «€»")
    reply = told.apply(where)

    assert turn_of(where, reply).error["message"] == told.message
    assert reply.status == mute.apply(where).status
    assert int(reply.header("content-length")) == len(reply.body)


@cases("rate_limit", "rate_limit_long", "rate_limit_plain")
def test_a_rate_limit_says_how_long_to_wait_where_its_provider_does(kind, form):
    where = seen(form)
    for fault in faults_of(kind, form):
        reply = fault.apply(where)
        seconds = getattr(fault, "retry_after_s", 0) or getattr(fault, "hours", 0) * 3_600
        told = reply.header("retry-after")
        if form[0] == "gemini":
            details = json.loads(reply.body)["error"].get("details", [])
            told = next((one["retryDelay"].removesuffix("s") for one in details if "retryDelay" in one), "")

        assert told == (str(seconds) if seconds else "")


@cases("quota_exhausted")
def test_an_exhausted_quota_is_told_from_a_rate_limit(kind, form):
    where = seen(form)
    (fault,) = faults_of(kind, form)
    reply = fault.apply(where)
    error, status = turn_of(where, reply).error, {"anthropic_messages": 400}.get(form[0], 429)

    assert reply.status == status
    assert re.search("quota|credit balance|usage limit|per day", error["message"])
    assert not reply.header("retry-after")
    assert error.get("code") == "insufficient_quota" or "openai" not in form[0]
    assert reply.header("x-should-retry") == ("false" if form[0] == "anthropic_messages" else "")
    assert "PerDay" in reply.body.decode() or form[0] != "gemini"


@cases("gateway_timeout")
def test_a_gateway_that_timed_out_says_so_as_its_provider_does(kind, form):
    where = seen(form)
    (fault,) = faults_of(kind, form)
    reply = fault.apply(where)
    plain = form[0].startswith("openai")

    assert reply.status == (408 if plain else 504)
    assert (reply.header("content-type") == "text/plain") == plain
    assert not turn_of(where, reply).parts


@cases(*BY_PROXY)
def test_a_proxy_answers_with_a_page_when_the_reply_would_have_come(kind, form):
    where = seen(form)
    replies = [fault.apply(where) for fault in faults_of(kind, form)]

    assert [reply.status for reply in replies] == BY_PROXY[kind]
    for reply in replies:
        assert reply.header("content-type") == "text/html"
        assert reply.body.startswith(b"<html>")
        assert not turn_of(where, reply).parts
        assert reply.head.at == where.reply.head.at


@cases("odd_status")
def test_a_status_that_is_no_answer_has_no_body(kind, form):
    where = seen(form)
    replies = [fault.apply(where) for fault in faults_of(kind, form)]

    assert [reply.status for reply in replies] == [204, 301, 304]
    assert not any(
        reply.body or reply.header("location") or reply.header("content-length") for reply in replies
    )


@cases("lost_state")
def test_the_provider_says_that_it_has_forgotten_what_was_named(kind, form):
    where = seen(form)
    replies = {fault.why: fault.apply(where) for fault in faults_of(kind, form)}
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
    where = seen(form)
    told = {fault.form: fault.apply(where).header("retry-after") for fault in faults_of(kind, form)}
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
    where = seen(form)
    for fault in faults_of(kind, form):
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
    where = seen(form)
    (fault,) = faults_of(kind, form)
    reply = fault.apply(where)

    assert reply.ok
    assert turn_of(where, reply).error
    assert not turn_of(where, reply).parts
    assert json.loads(reply.body).get("error") or told(form[0], "FLAT_ERRORS")


@cases("wrong_content_type", "bad_encoding")
def test_a_header_that_lies_changes_nothing_else(kind, form):
    where = seen(form)
    (fault,) = faults_of(kind, form)
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
    where = seen(form)
    for fault in faults_of(kind, form):
        (last,) = fault.apply(where).events

        assert last == Abort(BROKEN[kind], at=getattr(fault, "seconds", 0.05))


@cases("slow_first_byte", "slow_stream", "stall")
def test_a_slow_reply_says_the_same_that_much_later(kind, form):
    where = seen(form)
    for fault in faults_of(kind, form):
        reply = fault.apply(where)
        chunks = [event for event in where.reply.events if isinstance(event, Data)]
        late = fault.seconds * (len(chunks) if kind == "slow_stream" else 1)

        assert reply.body == where.reply.body
        assert reply.duration == pytest.approx(where.reply.duration + late)
        assert (reply.head.at > where.reply.head.at) == (kind == "slow_first_byte")


@cases("stall")
def test_a_stall_is_one_gap_at_its_boundary(kind, form):
    where = seen(form)
    for fault in faults_of(kind, form):
        events = fault.apply(where).events
        gaps = [i for i, (now, then) in enumerate(pairwise(events)) if then.at - now.at >= fault.seconds]
        before = b"".join(event.data for event in events[: gaps[0] + 1] if isinstance(event, Data))

        assert len(gaps) == 1
        assert before == _until(where, fault.boundary)


def _until(where, boundary):
    """The body up to a boundary, as truncation leaves it."""
    return WIRE_FAULTS["truncate"](boundary=boundary, offset=0).apply(where).body


@cases("truncate")
def test_a_truncated_reply_ends_as_if_all_were_well_and_is_not_complete(kind, form):
    where = seen(form)
    for fault in faults_of(kind, form):
        reply = fault.apply(where)

        assert reply.ok
        assert len(reply.body) < len(where.reply.body)
        assert not turn_of(where, reply).complete


@cases("reset_in_body", "incomplete_body")
def test_a_broken_transfer_breaks_where_truncation_would_end(kind, form):
    where = seen(form)
    for fault in faults_of(kind, form):
        twin = WIRE_FAULTS["truncate"](boundary=fault.boundary, offset=fault.offset)
        reply = fault.apply(where)

        assert reply.body == twin.apply(where).body
        assert isinstance(reply.events[-1], Abort)
        assert reply.events[-1].kind == kind.removesuffix("_in_body").removesuffix("_body")


def ends_whole(where, reply):
    """Whether the stream ends where one of its recorded frames does."""
    return len(reply.body) in [one.end for one in where.frames]


@cases("truncate", whole=False)
def test_a_cut_falls_where_its_boundary_says(kind, form):
    where = seen(form)
    recorded = turn_of(where)
    for fault in faults_of(kind, form):
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
                assert not ends_whole(where, reply)
                assert where.reply.body.startswith(reply.body)
            case "after_event" | "before_terminator":
                assert ends_whole(where, reply)
                assert where.reply.body.startswith(reply.body)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_a_gemini_call_arrives_whole_so_nothing_ends_inside_its_arguments(stream):
    where = seen(("gemini", stream, "tools"))
    offered = {choice["boundary"] for choice in WIRE_FAULTS["truncate"].openings(where)}

    assert not offered & {"mid_number", "mid_string", "mid_escape"}
    assert offered


@cases("hollow_body")
def test_where_the_answer_stood_is_nothing(kind, form):
    where = seen(form)
    recorded = where.reply.json
    for fault in faults_of(kind, form):
        body = fault.apply(where).json
        (emptied,) = (name for name in recorded if body[name] != recorded[name])

        assert body.keys() == recorded.keys()
        assert emptied in ("content", "choices", "output", "candidates")
        assert body[emptied] == (None if fault.holds == "null" else [])


@cases("bad_text")
def test_one_byte_is_no_text_or_a_mark_stands_before_it(kind, form):
    where = seen(form)
    recorded = where.reply.body
    for fault in faults_of(kind, form):
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
    where = seen(form)
    (fault,) = faults_of(kind, form)
    reply = fault.apply(where)
    body = reply.json
    said = [word for word in re.findall(r"[a-zA-Z]{4,}", turn_of(where).text) if word in json.dumps(body)]

    assert isinstance(body, dict)
    assert reply.header("content-type") == "application/json"
    assert len(said) == len(re.findall(r"[a-zA-Z]{4,}", turn_of(where).text))
    assert reply.head.at == pytest.approx(where.reply.duration)


@cases("rechunk")
def test_the_same_bytes_come_in_other_pieces(kind, form):
    where = seen(form)
    for fault in faults_of(kind, form):
        reply = fault.apply(where)
        chunks = [event.data for event in reply.events if isinstance(event, Data)]

        assert reply.body == where.reply.body
        assert reply.duration == where.reply.duration
        assert len(chunks) == (1 if fault.pieces == "one" else len(reply.body))


@cases("redirect")
def test_a_redirect_leads_to_the_same_address(kind, form):
    where = seen(form)
    (fault,) = faults_of(kind, form)
    reply = fault.apply(where)

    assert (reply.status, reply.body) == (307, b"")
    assert reply.header("location") == where.request.url


@cases("spend_limit")
def test_a_spend_limit_is_told_by_its_code(kind, form):
    where = seen(form)
    for fault in faults_of(kind, form):
        error = fault.apply(where).json["error"]

        assert error["type"] == "rate_limit_error"
        assert error["details"] == {"error_code": fault.limit}
        assert "limit" in error["message"]
