"""What each message fault does to what the model says."""

import json
import re
from dataclasses import replace

import pytest

from agent_chaos.faults.message.garbled_text import GarbledText
from agent_chaos.faults.message.malformed_arguments import MalformedArguments
from agent_chaos.providers.turn import Reasoning
from tests.faults.cases import cases, turn_of
from tests.faults.catalogued import faults_of, seen
from tests.spoken import target
from tests.standin.said import Called, Said
from tests.standin.wires import told


@cases("max_tokens_in_text", "paused_in_text")
def test_an_answer_that_hits_the_limit_or_pauses_is_complete_and_short(kind, form):
    where = seen(form)
    recorded = turn_of(where)
    for fault in faults_of(kind, form):
        turn = turn_of(where, fault.apply(where))
        kept = len(turn.text) / len(recorded.text)

        assert turn.complete
        assert turn.stop == ("pause" if kind == "paused_in_text" else "length")
        assert recorded.text.startswith(turn.text)
        assert kept == pytest.approx(1 - fault.percent_lost / 100, abs=0.02)


def _holds_json(form):
    """Whether arguments are a JSON value on the wire, so that a cut leaves what is whole of them."""
    return ("streamed" if form[1] else "whole") in told(form[0], "OBJECTS")


@cases("max_tokens_in_tool_call")
def test_a_call_that_hits_the_limit_is_cut_and_nothing_follows(kind, form):
    where = seen(form)
    recorded = turn_of(where)
    for fault in faults_of(kind, form):
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
    where = seen(form)
    recorded = turn_of(where)
    for fault in faults_of(kind, form):
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


@cases("gemini_stop")
def test_a_gemini_reply_stops_in_another_of_its_words(kind, form):
    where = seen(form)
    for fault in faults_of(kind, form):
        turn = turn_of(where, fault.apply(where))

        assert not turn.parts
        assert turn.stop_raw == fault.reason
        assert turn.complete


@cases("blocked_prompt")
def test_a_blocked_prompt_has_no_candidate(kind, form):
    where = seen(form)
    (fault,) = faults_of(kind, form)
    turn = turn_of(where, fault.apply(where))

    assert (turn.parts, turn.stop, turn.stop_raw) == ((), "filter", "PROHIBITED_CONTENT")
    assert b"candidates" not in fault.apply(where).body


@cases("garbled_text")
def test_an_answer_in_other_clothes_is_complete(kind, form):
    where = seen(form)
    recorded = turn_of(where)
    for fault in faults_of(kind, form):
        turn = turn_of(where, fault.apply(where))

        assert (turn.stop, turn.complete) == (recorded.stop, True)
        assert turn.text != recorded.text
        assert (recorded.text in turn.text) == (fault.shape not in ("repeated", "separated"))
        assert turn.text.startswith(
            {
                "fenced": "```",
                "introduced": "Sure!",
                "followed": "Grüße aus",
                "translated": "Gerne",
                "thinking": "<think>",
                "repeated": "Grüße Grüße",
                "separated": "Grüße\u2028aus",
            }[fault.shape]
        )
        assert fault.shape != "separated" or turn.text.split() == recorded.text.split()


SCHEMA = {"type": "object", "properties": {}, "additionalProperties": False}
CONSTRAINED = {
    "openai_chat": {
        "response_format": {"type": "json_schema", "json_schema": {"strict": True, "schema": SCHEMA}}
    },
    "openai_responses": {"text": {"format": {"type": "json_schema", "strict": True, "schema": SCHEMA}}},
    "gemini": {"generationConfig": {"responseJsonSchema": SCHEMA}},
}


@pytest.mark.parametrize("protocol", CONSTRAINED)
def test_an_answer_that_the_provider_holds_to_a_schema_wears_no_other_clothes(protocol):
    free = target(protocol, Said("{}"), stream=False)
    body = json.dumps({**free.request.json, **CONSTRAINED[protocol]}).encode()
    held = replace(free, request=replace(free.request, body=body))
    # A compatible server may take the schema for a wish.
    elsewhere = replace(
        held, request=replace(held.request, url=held.request.url.replace(held.request.host, "llm.example"))
    )

    assert [bool(GarbledText.openings(one)) for one in (free, held, elsewhere)] == [True, False, True]


@cases("refusal_in_words")
def test_a_refusal_in_words_says_no_more_than_them(kind, form):
    where = seen(form)
    (fault,) = faults_of(kind, form)
    turn, recorded = turn_of(where, fault.apply(where)), turn_of(where)
    how = where.protocol.specifics.worded_refusal

    assert [(type(part), turn.text or part.extra["refusal"]) for part in turn.parts] == [
        (type(how.part), how.part.extra.get("refusal") or how.part.text)
    ]
    assert (turn.stop_raw, turn.complete) == (how.stop_raw, True)
    assert (turn.id, turn.model, turn.usage) == (recorded.id, recorded.model, recorded.usage)


@cases("empty_reply", "refusal")
def test_a_reply_without_an_answer_is_complete_and_has_no_parts(kind, form):
    where = seen(form)
    (fault,) = faults_of(kind, form)
    turn, recorded = turn_of(where, fault.apply(where)), turn_of(where)

    assert not turn.parts
    assert turn.complete
    assert turn.stop == ("filter" if kind == "refusal" else "end")
    assert (turn.id, turn.model, turn.usage) == (recorded.id, recorded.model, recorded.usage)


@cases("odd_usage")
def test_only_the_count_of_tokens_is_odd(kind, form):
    where = seen(form)
    recorded = turn_of(where)
    for fault in faults_of(kind, form):
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
    where = seen(form)
    (fault,) = faults_of(kind, form)
    turn, recorded = turn_of(where, fault.apply(where)), turn_of(where)

    assert turn.stop_raw == "hologram"
    assert turn.stop == "other"
    assert (turn.text, turn.tool_calls, turn.complete) == (recorded.text, recorded.tool_calls, True)


@cases("missing_tool_call")
def test_the_stop_speaks_of_tools_and_none_is_called(kind, form):
    where = seen(form)
    (fault,) = faults_of(kind, form)
    turn = turn_of(where, fault.apply(where))

    assert (turn.text, turn.tool_calls, turn.stop) == (turn_of(where).text, (), "tool_use")


@cases("lost_tool_id")
def test_the_first_call_has_no_id_and_is_as_it_was(kind, form):
    where = seen(form)
    (fault,) = faults_of(kind, form)
    first, *others = turn_of(where, fault.apply(where)).tool_calls
    then, *rest = turn_of(where).tool_calls

    assert (first.id, first.name, first.arguments) == ("", then.name, then.arguments)
    assert [one.id for one in others] == [one.id for one in rest]


@cases("unknown_tool", "unnamed_tool", "missing_argument")
def test_one_call_is_changed_and_all_else_is_as_recorded(kind, form):
    where = seen(form)
    recorded = turn_of(where)
    for fault in faults_of(kind, form):
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
    where = seen(form)
    recorded = turn_of(where)
    for fault in faults_of(kind, form):
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


def asked(calls):
    """What tool calls ask for, however their chunks are cut: the finish reason may stand in the chunk of a call."""
    return [(call.id, call.name, call.arguments) for call in calls]


@cases("repeated_tool_call")
def test_the_last_call_stands_there_twice(kind, form):
    where = seen(form)
    recorded = turn_of(where)
    for fault in faults_of(kind, form):
        reply = fault.apply(where)
        turn = turn_of(where, reply)
        *first, last, again = turn.tool_calls
        ids = where.protocol.ids(reply)

        assert asked([*first, last]) == asked(recorded.tool_calls)
        assert (again.name, again.arguments) == (last.name, last.arguments)
        assert (again.id == last.id) == (fault.ids == "same")
        assert fault.ids == "same" or len(set(ids)) > len(set(where.protocol.ids(where.reply)))
        assert (turn.text, turn.stop, turn.complete) == (recorded.text, recorded.stop, True)


@cases("repeated_tool_id")
def test_two_calls_have_one_id_and_are_two(kind, form):
    where = seen(form)
    (fault,) = faults_of(kind, form)
    first, second = turn_of(where, fault.apply(where)).tool_calls

    assert first == turn_of(where).tool_calls[0]
    assert second.id == first.id
    assert (second.name, second.arguments) == ("refund", turn_of(where).tool_calls[1].arguments)


@cases("wrong_stop")
def test_tool_calls_come_with_the_stop_of_an_answer(kind, form):
    where = seen(form)
    (fault,) = faults_of(kind, form)
    turn, recorded = turn_of(where, fault.apply(where)), turn_of(where)

    assert turn.stop == "end"
    assert turn.parts == recorded.parts
    assert turn.complete


@cases("null_field")
def test_a_value_is_null_and_all_else_is_as_recorded(kind, form):
    where = seen(form)
    recorded = turn_of(where)
    names = {
        "tool_id": ("", "id", "call_id", "toolUseId"),
        "tool_name": ("", "name"),
        "arguments": ("", "input", "arguments", "args"),
    }
    for fault in faults_of(kind, form):
        reply = fault.apply(where)
        turn = turn_of(where, reply)

        if fault.field == "stop":
            assert (turn.stop_raw, turn.text) == (None, recorded.text)
        elif fault.field == "usage":
            assert (turn.text, asked(turn.tool_calls)) == (recorded.text, asked(recorded.tool_calls))
            assert turn.usage is None or (turn.usage.input_tokens, turn.usage.output_tokens) == (0, 0)
        elif fault.field in names:
            lost = re.findall(rb'"(\w+)": ?null', reply.body)

            assert {name.decode() for name in lost} & set(names[fault.field])
            assert turn.text == recorded.text
        else:
            assert not turn.text


@cases("unknown_part")
def test_a_block_of_the_future_comes_first_and_the_rest_is_as_recorded(kind, form):
    where = seen(form)
    (fault,) = faults_of(kind, form)
    turn, recorded = turn_of(where, fault.apply(where)), turn_of(where)

    assert turn.parts[0].kind == "hologram"
    assert (turn.text, turn.stop, turn.complete) == (recorded.text, recorded.stop, True)
    assert [(call.id, call.arguments) for call in turn.tool_calls] == [
        (call.id, call.arguments) for call in recorded.tool_calls
    ]


_SIGNATURE = b"EqQBCgIYAhIM1gbcDa9GJwZA2b3hGgxBdjrkzLoky3dl1pk"


def thought(turn):
    return "".join(part.text for part in turn.parts if isinstance(part, Reasoning))


@cases("bad_signature")
def test_a_signature_is_lost_or_another_and_the_thought_is_as_it_was(kind, form):
    where = seen(form)
    recorded = turn_of(where)
    for fault in faults_of(kind, form):
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


@cases("failed_response")
def test_a_response_fails_in_the_middle_of_its_text(kind, form):
    where = seen(form)
    recorded = turn_of(where)
    for fault in faults_of(kind, form):
        reply = fault.apply(where)
        turn = turn_of(where, reply)

        assert (turn.stop_raw, turn.complete, turn.tool_calls) == ("failed", True, ())
        assert turn.error["code"] == fault.code
        assert turn.text == recorded.text[: len(recorded.text) // 2]
        assert b"event: error" not in reply.body


@cases("endless_tool_call")
def test_the_call_whose_result_was_brought_is_asked_for_again(kind, form):
    where = seen(form)
    (fault,) = faults_of(kind, form)
    turn = turn_of(where, fault.apply(where))
    (call,) = turn.tool_calls

    assert (call.name, json.loads(call.arguments)) == ("refund", {"order": "A-17", "amount": 1500})
    assert call.id != "call_1234567"
    assert call.id != "toolu_1234567"
    assert (turn.text, turn.stop, turn.complete) == ("", "tool_use", True)
    assert fault.rest(where) == fault.apply(where)


@pytest.mark.parametrize(
    ("protocol", "stream", "sent"),
    [
        ("anthropic_messages", False, False),
        ("anthropic_messages", True, True),
        ("bedrock_converse", False, False),
        ("gemini", False, False),
        ("gemini", True, False),
        ("openai_chat", False, True),
        ("openai_responses", True, True),
    ],
)
def test_a_number_that_is_none_is_sent_only_where_arguments_are_text(
    protocol: str, stream: bool, sent: bool
) -> None:
    """A server writes an object itself, and has no NaN to write."""
    asked = target(protocol, Said("", (Called.of("refund", {"amount": 1500}),)), stream=stream)
    shapes = {choice["shape"] for choice in MalformedArguments.openings(asked)}

    assert ("not_a_number" in shapes) is sent
