"""Laws that every fault keeps, on every protocol, whole and streamed, at the edges of its bounds.

One item for a fault and a group of laws: it tries the fault on every reply of `catalogued` and lists what breaks a law.
"""

import json
import re
from dataclasses import replace
from functools import cache

import anthropic
import openai
import openai.types.responses
import pytest
from annotated_types import Ge, Le
from google import genai
from pydantic import TypeAdapter, ValidationError

from agent_chaos.errors import PlanError
from agent_chaos.faults.family import BODY, DELIVERY, TOOL_CALL, Family, Frequency
from agent_chaos.faults.parts.stream_frames import json_events
from agent_chaos.faults.plan import Plan, fault_of
from agent_chaos.providers.embeddings import EMBEDDINGS_APIS
from agent_chaos.providers.registry import protocols
from agent_chaos.providers.turn import Text, ToolCall
from agent_chaos.search.space import number_fields
from agent_chaos.stream.exchange import CLOSED, Abort, Data, End, Head, Reply, cut
from tests.faults.catalogued import (
    FORMS,
    WIRE_FAULTS,
    all_choices,
    at_edges,
    faults_at,
    forms_of,
    named,
    offered,
    seen,
    target_of,
    tried,
)

every_kind = pytest.mark.parametrize("kind", WIRE_FAULTS)
RETRIED = (307, 408, 409, 429, 500, 502, 503, 504, 520, 522, 524, 529)
"""Statuses that Anthropic's and OpenAI's clients ask again after, a redirect among them."""


@every_kind
def test_a_fault_says_what_it_is(kind):
    cls = WIRE_FAULTS[kind]
    told = {fault.describe() for choice in all_choices(kind) for fault in at_edges(cls, choice)}
    _, _, source = (cls.__doc__ or "").partition("Source: ")

    assert isinstance(cls.family, Family)
    assert isinstance(cls.frequency, Frequency)
    assert source, "its docstring names a public source"
    assert not re.search(r"\b[A-Z]\d+[a-zA-Z]?\b|§", re.sub(r"\S+/\S+|LLM\d\d", "", source)), (
        "a code nobody can resolve"
    )
    assert all(words and words != kind.replace("_", " ") for words in told)
    assert len(told) >= len(all_choices(kind))


@every_kind
def test_a_fault_acts_on_every_protocol_that_carries_what_it_needs(kind):
    cls = WIRE_FAULTS[kind]
    able = {name for name, protocol in protocols().items() if cls.fits(protocol)}
    if "embeddings" in cls.needs:
        able = {api.name for api in EMBEDDINGS_APIS if cls.needs <= api.carries}

    assert {form[0] for form, *_ in tried(kind)} == able


@every_kind
def test_a_fault_changes_what_it_says_it_changes_and_no_more(kind):
    """What an opening offers changes the reply; over all of them, what a client hears otherwise is `changes`."""
    cls, changed, broken = WIRE_FAULTS[kind], set(), []
    for form, where, fault, reply in tried(kind):
        recorded, now = heard(where), heard(replace(where, reply=reply))
        changed |= {name for name in recorded if recorded[name] != now[name]}
        turn = where.protocol.parse(reply)
        kept = reply.ok and {**now, "other_parts": ()} == {**recorded, "other_parts": ()}
        nothing = not reply.head or reply.status in RETRIED
        broken += [(named(form), fault, "changes nothing")] * (reply == where.reply)
        broken += [(named(form), fault, "a part is heard")] * ("turn" in cls.changes and bool(turn.parts))
        broken += [(named(form), fault, "not transparent")] * (cls.transparent and not kept and not nothing)

    assert not broken
    assert "turn" in cls.changes or set(cls.changes) == changed


def heard(where):
    """What an agent reads in a turn; protocols keep noise in `extra`, to render it again."""
    turn = where.protocol.parse(where.reply)
    return {
        "text": turn.text,
        "calls": [(call.id, call.name, call.arguments) for call in turn.tool_calls],
        "other_parts": [part for part in turn.parts if not isinstance(part, Text | ToolCall)],
        "stop": (turn.stop, turn.stop_raw),
        "usage": turn.usage and (turn.usage.input_tokens, turn.usage.output_tokens),
        "end": turn.complete,
        "error": turn.error,
    }


@every_kind
def test_a_faulted_reply_is_one_that_a_server_could_send(kind):
    broken = []
    for form, where, fault, reply in tried(kind):
        broken += [
            (named(form), fault, law) for law in (*_of_time(reply), *_of_framing(form, where, fault, reply))
        ]

    assert not broken


@pytest.mark.parametrize("kind", [kind for kind, cls in WIRE_FAULTS.items() if cls.level == "transport"])
def test_time_runs_forwards_in_a_reply_that_its_client_left(kind):
    events = seen(forms_of(kind)[0]).reply.events
    left = Reply((*events[:-1], Abort("disconnected", events[-1].at, CLOSED)))
    where = replace(seen(forms_of(kind)[0]), reply=left)

    assert not [(fault, law) for fault in faults_at(kind, where) for law in _of_time(fault.apply(where))]


def _of_time(reply):
    times = [event.at for event in reply.events]
    if times != sorted(times) or times[0] < 0:
        yield "time runs backwards"
    if not isinstance(reply.events[-1], End | Abort):
        yield "no last event"
    if not all(isinstance(event, Data) for event in reply.events[1:-1]):
        yield "a head or an end in the middle"
    if len(reply.events) > 1 and not isinstance(reply.events[0], Head):
        yield "no head"


def _of_framing(form, where, fault, reply):
    """What transport faults leave of a body is up to them; the others write bodies as the protocol does."""
    length = reply.header("content-length")
    if length and reply.ended and int(length) != len(reply.body):
        yield "another content-length than it has"
    if fault.level == "transport" or {"turn", "end"} & set(fault.changes):
        return
    framing = where.protocol.framing(reply)
    if framing is None and not isinstance(reply.json, dict):
        yield "no JSON object"
    if framing is not None and not framing.frames_of(reply)[-1].complete:
        yield "the last event is not complete"


@pytest.mark.parametrize("kind", [kind for kind, cls in WIRE_FAULTS.items() if cls.level != "transport"])
def test_what_a_fault_renders_is_consistent_as_a_provider_is(kind):
    """Totals are sums, events are numbered without a gap, and two tool calls have two ids, unless that is the fault."""
    cls, broken = WIRE_FAULTS[kind], []
    for form, where, fault, reply in tried(kind):
        values = json_events(replace(where, reply=reply)) or [reply.json]
        broken += [(named(form), fault, "a total that is no sum")] * any(map(_miscounted, values))
        if not {"turn", "end"} & set(cls.changes) and cls.family not in (DELIVERY, BODY):
            numbers = [one["sequence_number"] for one in values if _is_numbered(one)]
            broken += [(named(form), fault, "a gap")] * (numbers != list(range(len(numbers))))
        if cls.family != TOOL_CALL:
            ids = [call.id for call in where.protocol.parse(reply).tool_calls if call.id]
            broken += [(named(form), fault, "an id twice")] * (len(set(ids)) != len(ids))

    assert not broken


MODELS_OF_SDKS = {
    ("anthropic_messages", False): anthropic.types.Message,
    ("anthropic_messages", True): anthropic.types.RawMessageStreamEvent,
    ("openai_chat", False): openai.types.chat.ChatCompletion,
    ("openai_chat", True): openai.types.chat.ChatCompletionChunk,
    ("openai_responses", False): openai.types.responses.Response,
    ("openai_responses", True): openai.types.responses.ResponseStreamEvent,
    ("gemini", False): genai.types.GenerateContentResponse,
    ("gemini", True): genai.types.GenerateContentResponse,
}
OUTSIDE_THE_MODELS = {
    *("error_event", "flat_error", "keep_alive_noise"),  # sent in a stream, and no model of the SDKs has them
    *("unknown_event", "unknown_part", "unknown_stop"),  # newer than the SDK
    *(
        "null_field",
        "retyped_field",
        "odd_usage",
        "bad_signature",
        "malformed_arguments",
    ),  # missing, or of another type
    *(
        "empty_chunks",
        "misplaced_finish",
        "shared_index",
    ),  # compatible servers leave out or fill in what OpenAI does not
    *("stopped_in_text", "stopped_in_tool_call"),  # OpenRouter's finish reason `error`
}
"""Faults whose point is a reply that the SDK's own response models do not allow, though a server has sent it."""


@pytest.mark.parametrize("kind", [kind for kind, cls in WIRE_FAULTS.items() if cls.level != "transport"])
def test_what_a_fault_renders_is_valid_by_the_sdk_s_own_models_unless_that_is_the_fault(kind):
    refused = (
        (named(form), fault, event)
        for form, where, fault, reply in tried(kind)
        for event in _refused(form, where, reply)
    )
    first = next(refused, None)

    assert (first is not None) == (kind in OUTSIDE_THE_MODELS), first


def _refused(form, where, reply):
    """What a fault put into a reply and the model of the SDK for it does not take."""
    model = MODELS_OF_SDKS.get((form[0], where.protocol.framing(reply) is not None))
    told, recorded = (_events(replace(where, reply=one)) for one in (reply, where.reply))
    for text, event in told.items() if model else ():
        if text not in recorded and event.get("type") != "ping" and not _is_valid(model, event):
            yield event


def _events(where):
    """The JSON objects of a reply, by how they are written."""
    values = json_events(where) or ([where.reply.json] if where.reply.ok else [])
    return {json.dumps(value): value for value in values if isinstance(value, dict)}


@cache
def _validator(model):
    return TypeAdapter(model)


def _is_valid(model, event):
    try:
        _validator(model).validate_python(event)
    except ValidationError:
        return False
    return True


def _is_numbered(value):
    """Whether an event counts: keep-alive events of Responses are numbered by themselves."""
    return isinstance(value, dict) and "sequence_number" in value and value.get("type") != "keepalive"


TOTALS = {
    "total_tokens": ("prompt_tokens", "completion_tokens", "input_tokens", "output_tokens"),
    "totalTokenCount": (
        "promptTokenCount",
        "candidatesTokenCount",
        "thoughtsTokenCount",
        "toolUsePromptTokenCount",
    ),
}


def _miscounted(value):
    """Whether a JSON value holds counts of tokens whose total is not their sum."""
    if isinstance(value, list):
        return any(map(_miscounted, value))
    if not isinstance(value, dict):
        return False
    for total, names in TOTALS.items():
        counts = [value[name] for name in names if name in value]
        if total in value and all(isinstance(one, int) for one in (*counts, value[total])):
            return value[total] != sum(counts)
    return any(map(_miscounted, value.values()))


@every_kind
def test_a_fault_is_a_function_of_its_target_and_leaves_it_alone(kind):
    broken, checked = [], set()
    for form, _, fault, reply in tried(kind):
        opening = (
            form,
            *(fault.model_dump(exclude={name for name, _, _ in number_fields(type(fault))}).values()),
        )
        if opening in checked:
            continue  # other numbers of the same opening take the same path
        checked.add(opening)
        where = target_of(form)
        broken += [(named(form), fault, "another reply")] * (
            not fault.apply(where) == fault.apply(where) == reply
        )
        broken += [(named(form), fault, "the target changed")] * (where != seen(form))

    assert not broken


@pytest.mark.parametrize("kind", [kind for kind, cls in WIRE_FAULTS.items() if cls.level == "message"])
def test_parts_before_the_changed_one_arrive_as_recorded(kind):
    """Bytes, chunks and times of a stream are kept up to the first part that a message fault changes."""
    cls = WIRE_FAULTS[kind]
    if not cls.changes or "usage" in cls.changes:
        return  # other deltas of the same parts, and counts of tokens, which stand in the first event of some
    for form, where, fault, reply in tried(kind):
        if not where.streamed:
            continue
        before, after = where.protocol.parse(where.reply), where.protocol.parse(reply)
        changed = next(
            (i for i, part in enumerate(before.parts) if i >= len(after.parts) or part != after.parts[i]),
            len(before.parts),
        )
        kept = _leading(where, changed)

        assert kept or not changed, (named(form), fault)
        assert reply.events[1 : 1 + kept] == where.reply.events[1 : 1 + kept], (named(form), fault)


def _leading(where, changed):
    """How many frames of a stream, one a chunk, come before any that adds to part `changed`."""
    adding = [(i, delta.part) for i, (_, delta) in enumerate(where.protocol.delta(where.reply)) if delta]
    following = [part for _, part in adding[1:]] + [99]
    before = [i for (i, part), then in zip(adding, following, strict=True) if max(part, then - 1) < changed]
    return before[-1] + 1 if before else 0


@every_kind
def test_a_fault_survives_json_and_its_bounds_are_kept(kind):
    cls = WIRE_FAULTS[kind]
    for choice in all_choices(kind):
        for fault in at_edges(cls, choice):
            plan = Plan.of([("call 3.1", fault)])

            assert fault_of(json.loads(fault.model_dump_json())) == fault
            assert Plan.from_json(plan.to_json()) == plan
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


@pytest.fixture(scope="module")
def failed():
    """Replies that never gave a turn, of every protocol: an error, a broken transfer, none at all, and no body."""
    found = []
    for form in (form for form in FORMS if form[2] == "text"):
        where = target_of(form)
        error = where.protocol.error_reply("server_error", where.request)
        broken = cut(where.reply, len(where.reply.body) // 2, Abort("reset"))
        empty = Reply((replace(where.reply.head, status=204), End(1.0)))
        found += [replace(where, reply=reply) for reply in (error, broken, Reply((Abort("refused"),)), empty)]
    return found


@every_kind
def test_a_fault_without_an_opening_leaves_the_very_same_reply(kind, failed):
    cls, changed = WIRE_FAULTS[kind], []
    places = [(seen(form), offered(kind, form)) for form in FORMS]
    for where, openings in (*places, *((where, cls.openings(where)) for where in failed)):
        for choice in (one for one in all_choices(kind) if one not in openings):
            fault = next(at_edges(cls, choice))
            changed += [(where.protocol.name, fault)] * (fault.apply(where) is not where.reply)

    assert not changed
