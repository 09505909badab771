"""Laws that every fault keeps, on every protocol, whole and streamed, at the edges of its bounds."""

import json
import re
from dataclasses import replace

import pytest
from annotated_types import Ge, Le

from agent_chaos.errors import PlanError
from agent_chaos.faults.plan import Plan, fault_of
from agent_chaos.search.space import number_fields
from agent_chaos.stream.exchange import Abort, Data, End, Head, Reply, cut
from agent_chaos.stream.framing.sse import SSE
from tests.faults.catalogued import (
    FORMS,
    WIRE_FAULTS,
    all_choices,
    at_edges,
    faults_at,
    forms_of,
    named,
    target_of,
)

PLACES = [
    pytest.param(kind, form, id=f"{kind}-{named(form)}")
    for kind, cls in WIRE_FAULTS.items()
    for form in forms_of(kind)
    if cls.openings(target_of(form))
]
REWRITTEN = [
    place
    for place in PLACES
    if WIRE_FAULTS[place.values[0]].level == "message"
    and target_of(place.values[1]).streamed
    and place.values[0] not in ("odd_usage", "null_field")  # some count tokens in their first event
]
everywhere = pytest.mark.parametrize(("kind", "form"), PLACES)
every_kind = pytest.mark.parametrize("kind", WIRE_FAULTS)
CUT_IN_BYTES = ("mid_frame", "mid_utf8", "mid_body")
NO_FRAMES = (
    "bad_gateway",
    "bad_text",
    "bare_body",
    "cdn_error",
    "empty_body",
    "gateway_timeout",
    "html_body",
    "lost_blank_line",
    "odd_status",
    "redirect",
    "service_unavailable",
)
"""Faults whose body is not one of the protocol: none, bare JSON, words of a proxy, no text, or not its end."""

CANNOT = {
    "wrong_stop": {"openai_responses", "gemini"},
    "repeated_tool_id": {"gemini"},
    "flat_error": {"anthropic_messages", "gemini"},
    "gemini_stop": {"anthropic_messages", "openai_chat", "openai_responses"},
    "lost_opening": {"gemini"},
    "lost_state": {"openai_chat", "gemini"},
    "nameless_events": {"openai_chat", "gemini"},
    "rate_limit_odd": {"gemini"},
    "unknown_event": {"openai_chat", "gemini"},
    "lost_tool_id": {"gemini"},
    "missing_tool_call": {"openai_responses", "gemini"},
    "paused_in_text": {"openai_chat"},
    "blocked_prompt": {"anthropic_messages", "openai_chat", "openai_responses"},
    "bad_signature": {"openai_chat"},
    "failed_response": {"anthropic_messages", "openai_chat", "gemini"},
    "spend_limit": {"openai_chat", "openai_responses", "gemini"},
    "unknown_part": {"openai_chat"},
}
"""Protocols that have no such thing: one word for both stops, calls and events without names or ids, no state kept, no
header that says how long to wait; and faults that only one provider sends."""


@every_kind
def test_a_fault_can_act_on_every_protocol_that_could_send_it(kind):
    protocols = {form[0] for form in forms_of(kind) if WIRE_FAULTS[kind].openings(target_of(form))}

    assert protocols == {form[0] for form in FORMS} - CANNOT.get(kind, set())


@every_kind
def test_a_fault_tells_its_source_and_what_it_does_in_words(kind):
    cls = WIRE_FAULTS[kind]
    told = {fault.describe() for choice in all_choices(kind) for fault in at_edges(cls, choice)}

    assert re.search(r"[a-z]{3,}", cls.__doc__ or "")
    assert "Source: " in cls.__doc__
    assert all(words and words != kind.replace("_", " ") for words in told)
    assert len(told) >= len(all_choices(kind))


@everywhere
def test_what_an_opening_offers_changes_the_reply(kind, form):
    where = target_of(form)
    idle = [fault for fault in faults_at(kind, where) if fault.apply(where) == where.reply]

    assert not idle


@everywhere
def test_a_fault_gives_equal_replies_for_equal_targets_and_leaves_its_target_alone(kind, form):
    where = target_of(form)
    for fault in faults_at(kind, where):
        changed = fault.apply(where)

        assert changed == fault.apply(target_of(form)) == fault.apply(where)
    assert where == target_of(form)
    assert where.protocol.parse(where.reply) == where.protocol.parse(target_of(form).reply)


@everywhere
def test_a_faulted_reply_is_a_timed_reply(kind, form):
    where = target_of(form)
    for fault in faults_at(kind, where):
        events = fault.apply(where).events
        times = [event.at for event in events]

        assert times == sorted(times)
        assert times[0] >= 0
        assert isinstance(events[-1], End | Abort)
        assert all(isinstance(event, Data) for event in events[1:-1])
        assert isinstance(events[0], Head) or len(events) == 1


@everywhere
def test_a_faulted_body_is_still_framed_as_its_protocol_does(kind, form):
    where = target_of(form)
    for fault in faults_at(kind, where):
        reply = fault.apply(where)
        length = reply.header("content-length")

        assert not length or not reply.ended or int(length) == len(reply.body)
        if not reply.head or getattr(fault, "boundary", "") in CUT_IN_BYTES or kind in NO_FRAMES:
            continue
        if where.protocol.framing(reply) is None:
            assert isinstance(reply.json, dict)
        elif (
            kind not in ("error_event", "error_body") or form[0] != "gemini"
        ):  # an error in a Gemini stream is bare JSON
            assert SSE.frames(reply.body)[-1].complete or reply.status >= 400


@everywhere
def test_a_transparent_fault_says_nothing_but_the_recorded_turn(kind, form):
    """Either the same turn, whole, or none of it: what a client may ask for again without the user seeing."""
    where = target_of(form)
    recorded = heard(where.protocol.parse(where.reply))
    for fault in faults_at(kind, where):
        reply = fault.apply(where)
        same = reply.ok and heard(where.protocol.parse(reply)) == recorded
        nothing = not reply.head or reply.status in RETRIED

        assert same or nothing or not fault.transparent


def test_only_faults_that_pass_by_themselves_within_a_budget_are_transparent():
    """A stall and a rate limit of hours keep the turn, but outlast the clients that wait for them."""
    assert {kind for kind, cls in WIRE_FAULTS.items() if cls.transparent} == {
        "bad_encoding",
        "bad_gateway",
        "bad_protocol",
        "connect_error",
        "connect_timeout",
        "dns_error",
        "gateway_timeout",
        "keep_alive_noise",
        "overloaded",
        "pool_timeout",
        "rate_limit",
        "rate_limit_plain",
        "rechunk",
        "reset_before_headers",
        "respelled_stream",
        "server_error",
        "service_unavailable",
        "slow_first_byte",
        "slow_stream",
        "timeout_before_headers",
        "write_error",
        "cdn_error",
        "conflict",
        "control_frame",
        "request_timeout",
        "reset_at_once",
        "unknown_event",
        "write_timeout",
        "wrong_content_type",
        "redirect",
    }


RETRIED = (307, 408, 409, 429, 500, 502, 503, 504, 520, 522, 524, 529)
"""Statuses that Anthropic's and OpenAI's clients ask again after, a redirect among them."""


def heard(turn):
    """What an agent reads in a turn; protocols keep noise in `extra`, to render it again."""
    calls = [(call.id, call.name, call.arguments) for call in turn.tool_calls]
    return turn.text, calls, turn.stop, turn.complete, turn.error, turn.usage


@pytest.mark.parametrize(("kind", "form"), REWRITTEN)
def test_parts_before_the_changed_one_arrive_as_recorded(kind, form):
    """Bytes, chunks and times of a stream are kept up to the first part that a message fault changes."""
    where = target_of(form)
    before = where.protocol.parse(where.reply)
    for fault in faults_at(kind, where):
        reply = fault.apply(where)
        after = where.protocol.parse(reply)
        changed = next(
            (i for i, part in enumerate(before.parts) if i >= len(after.parts) or part != after.parts[i]),
            len(before.parts),
        )
        kept = _leading(where, changed)

        assert kept or not changed
        assert reply.events[1 : 1 + kept] == where.reply.events[1 : 1 + kept]


def _leading(where, changed):
    """How many frames of a stream, one a chunk, come before any that adds to part `changed`."""
    adding = [(i, delta.part) for i, (_, delta) in enumerate(where.protocol.delta(where.reply)) if delta]
    following = [part for _, part in adding[1:]] + [99]
    before = [i for (i, part), then in zip(adding, following, strict=True) if max(part, then - 1) < changed]
    return before[-1] + 1 if before else 0


@every_kind
def test_a_fault_survives_json_alone_and_in_a_plan(kind):
    for choice in all_choices(kind):
        for fault in at_edges(WIRE_FAULTS[kind], choice):
            plan = Plan.of([("call 3.1", fault)])

            assert fault_of(json.loads(fault.model_dump_json())) == fault
            assert Plan.from_json(plan.to_json()) == plan
            assert plan.faults[0].fault == fault


@every_kind
def test_what_a_search_draws_or_chooses_is_required_and_its_bounds_are_kept(kind):
    cls = WIRE_FAULTS[kind]
    drawn = {name for name, _, _ in number_fields(cls)}
    mildest = next(at_edges(cls, all_choices(kind)[0]))

    assert len(drawn - set(all_choices(kind)[0])) <= 2
    assert all(cls.model_fields[name].is_required() for name in drawn.union(*all_choices(kind)))
    for name, bound in valid(cls):
        fault_of({**mildest.model_dump(), name: bound})
        with pytest.raises(PlanError, match=name):
            fault_of({**mildest.model_dump(), name: bound - 1 if bound == least(cls, name) else bound + 1})


def valid(cls):
    """Every field with a bound of its values."""
    for name, info in cls.model_fields.items():
        for one in info.metadata:
            if isinstance(one, Ge | Le):
                yield name, one.ge if isinstance(one, Ge) else one.le


def least(cls, name):
    return next((one.ge for one in cls.model_fields[name].metadata if isinstance(one, Ge)), None)


def failed(form):
    """Replies that never gave a turn: an error, a broken transfer, none at all, and one without a body."""
    where = target_of(form)
    whole = where.reply
    error = where.protocol.error_reply("server_error", where.request)
    broken = cut(whole, len(whole.body) // 2, Abort("reset"))
    empty = Reply((replace(whole.head, status=204), End(1.0)))
    return [replace(where, reply=reply) for reply in (error, broken, Reply((Abort("refused"),)), empty)]


@pytest.mark.parametrize("form", FORMS, ids=named)
@every_kind
def test_a_fault_without_an_opening_leaves_the_very_same_reply(kind, form):
    cls = WIRE_FAULTS[kind]
    for where in (target_of(form), *failed(form)):
        for choice in all_choices(kind):
            if choice not in cls.openings(where):
                assert all(fault.apply(where) is where.reply for fault in at_edges(cls, choice))
