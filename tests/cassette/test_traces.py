"""Traces of OpenTelemetry and Langfuse become recordings: the protocol writes what was said, and the real SDKs read it."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent_chaos.cassette.interchange import langfuse as langfuse_format
from agent_chaos.cassette.interchange import langsmith as langsmith_format
from agent_chaos.cassette.interchange import openinference as openinference_format
from agent_chaos.cassette.interchange import otel
from agent_chaos.cassette.interchange.format import Unfit
from agent_chaos.cassette.interchange.traces import rendered_from
from agent_chaos.cassette.model import Cassette
from agent_chaos.cassette.storage.file import open_cassette
from agent_chaos.cassette.storage.foreign import import_cassette
from agent_chaos.cli import run_command
from agent_chaos.errors import CassetteDamaged
from agent_chaos.providers.registry import protocols
from agent_chaos.providers.turn import ModelTurn, Prompt
from agent_chaos.trace.fidelity import Fidelity
from agent_chaos.trial.rehearsal import Rehearsal
from tests.search import shop

ANSWER = shop.SAID[1].text
ARGUMENTS = {"order": "A-17", "amount": 1500}
TOOL = {
    "type": "function",
    "name": "refund",
    "description": "Pay money back.",
    "parameters": shop.TOOLS[0]["input_schema"],
}
ASKED = {"role": "user", "parts": [{"type": "text", "content": shop.QUESTION}]}
CALLED = {
    "role": "assistant",
    "parts": [
        {"type": "text", "content": shop.SAID[0].text},
        {"type": "tool_call", "id": "toolu_1", "name": "refund", "arguments": ARGUMENTS},
    ],
    "finish_reason": "tool_call",
}
RESULT = {"type": "tool_call_response", "id": "toolu_1", "result": "refunded 1500 on order A-17"}
TOLD = {"role": "tool", "parts": [RESULT]}
SAID = {"role": "assistant", "parts": [{"type": "text", "content": ANSWER}], "finish_reason": "stop"}
NAMES = [
    "stringValue",
    "intValue",
    "arrayValue",
    "kvlistValue",
    "values",
    "role",
    "parts",
    "content",
    "messages",
    "type",
]
ATTRIBUTES = {
    "gen_ai.input.messages",
    "gen_ai.output.messages",
    "gen_ai.tool.definitions",
    "gen_ai.provider.name",
    "gen_ai.request.model",
    "gen_ai.request.max_tokens",
    "startTimeUnixNano",
    "attributes",
    "events",
    "input",
    "model",
    "startTime",
    "usageDetails",
    "modelParameters",
    "inputs",
    "outputs",
    "extra",
    "child_runs",
    "start_time",
}
VENDORS = {
    "anthropic": "anthropic_messages",
    "openai": "openai_chat",
    "gcp.gemini": "gemini",
    "mistral_ai": "mistral",
    "aws.bedrock": "bedrock_converse",
}


def value(told: Any) -> dict[str, Any]:
    """As OTLP's JSON writes it."""
    return {"intValue": str(told)} if isinstance(told, int) else {"stringValue": told}


def span(number: int, asked: list[Any], said: Any, **attributes: Any) -> dict[str, Any]:
    told = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "anthropic",
        "gen_ai.request.model": "claude-sonnet-5",
        "gen_ai.request.max_tokens": 500,
        "gen_ai.input.messages": json.dumps(asked),
        "gen_ai.output.messages": json.dumps([said]),
        "gen_ai.tool.definitions": json.dumps([TOOL]),
        "gen_ai.usage.input_tokens": 30 + number,
        "gen_ai.usage.output_tokens": 7,
        **attributes,
    }
    return {
        "spanId": f"{number:016x}",
        "name": "chat claude-sonnet-5",
        "startTimeUnixNano": str(1_700_000_000_000_000_000 + number * 2_000_000_000),
        "endTimeUnixNano": str(1_700_000_001_500_000_000 + number * 2_000_000_000),
        "attributes": [{"key": key, "value": value(one)} for key, one in told.items() if one is not None],
    }


def otlp(**attributes: Any) -> dict[str, Any]:
    spans = [span(1, [ASKED, CALLED, TOLD], SAID, **attributes), span(0, [ASKED], CALLED, **attributes)]
    return {"resourceSpans": [{"scopeSpans": [{"spans": [*spans, {"name": "GET /"}, spans[0]]}]}]}


def langfuse() -> dict[str, Any]:
    call = {
        "id": "toolu_1",
        "type": "function",
        "function": {"name": "refund", "arguments": json.dumps(ARGUMENTS)},
    }
    user = {"role": "user", "content": shop.QUESTION}
    called = {"role": "assistant", "content": shop.SAID[0].text, "tool_calls": [call]}
    result = {"role": "tool", "tool_call_id": "toolu_1", "content": RESULT["result"]}
    told = {key: TOOL[key] for key in ("name", "description", "parameters")}
    tools = [{"type": "function", "function": told}]
    made = [
        ("g1", "2026-01-01T00:00:02Z", [user, called, result], {"role": "assistant", "content": ANSWER}),
        ("g0", "2026-01-01T00:00:00Z", [user], called),
    ]
    return {
        "data": [
            {"id": "s", "type": "SPAN", "name": "agent"},
            *(
                {
                    "id": name,
                    "type": "GENERATION",
                    "model": "claude-sonnet-5",
                    "modelParameters": {"max_tokens": 500},
                    "input": {"messages": asked, "tools": tools},
                    "output": said,
                    "startTime": at,
                    "endTime": at.replace("Z", ".500Z"),
                    "usageDetails": {"input": 30, "output": 7},
                }
                for name, at, asked, said in made
            ),
        ]
    }


def openinference() -> dict[str, Any]:
    """What Phoenix's instrumentation of a client writes: every field of a message is an attribute of its own."""
    call = {"id": "toolu_1", "function.name": "refund", "function.arguments": json.dumps(ARGUMENTS)}
    user = {"role": "user", "content": shop.QUESTION}
    # As its instrumentation of Anthropic's client writes it; what other clients said has `content` in one.
    called = {
        "role": "assistant",
        "contents.0.message_content.type": "text",
        "contents.0.message_content.text": shop.SAID[0].text,
        "contents.1.message_content.type": "tool_use",
        **{f"tool_calls.0.tool_call.{name}": told for name, told in call.items()},
    }
    result = {"role": "tool", "tool_call_id": "toolu_1", "content": RESULT["result"]}
    (schema,) = shop.TOOLS
    spans = []
    for number, asked, said in (
        (1, [user, called, result], {"role": "assistant", "content": ANSWER}),
        (0, [user], called),
    ):
        told: dict[str, Any] = {
            "openinference.span.kind": "LLM",
            "llm.model_name": "claude-sonnet-5",
            "llm.system": "anthropic",
            "llm.invocation_parameters": json.dumps({"max_tokens": 500}),
            "llm.tools.0.tool.json_schema": json.dumps(schema),
            "llm.token_count.prompt": 30,
        }
        for which, messages in (("input", asked), ("output", [said])):
            for place, message in enumerate(messages):
                told |= {f"llm.{which}_messages.{place}.message.{name}": one for name, one in message.items()}
        made = span(number, [], {})
        made["attributes"] = [{"key": key, "value": value(one)} for key, one in told.items()]
        spans.append(made)
    return {"resourceSpans": [{"scopeSpans": [{"spans": [*spans, {"name": "agent"}]}]}]}


def imported(document: Any, folder: Path, *, streamed: bool = False) -> Cassette:
    (folder / "trace.json").write_text(json.dumps(document))
    return import_cassette(folder / "trace.json", folder / "cassettes" / "shop.msgpack", streamed=streamed)


def spoken(cassette: Cassette) -> list[tuple[Prompt, ModelTurn]]:
    known = protocols()
    return [
        (known[one.protocol].prompt(one.request), known[one.protocol].parse(one.reply))
        for one in cassette.exchanges
    ]


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("vendor", VENDORS)
def test_every_protocol_says_what_the_trace_says(vendor: str, streamed: bool, tmp_path: Path) -> None:
    cassette = imported(otlp(**{"gen_ai.provider.name": vendor}), tmp_path, streamed=streamed)
    (asked, called), (again, said) = spoken(cassette)

    assert {one.protocol for one in cassette.exchanges} == {VENDORS[vendor]}
    assert {rendered_from(one) for one in cassette.exchanges} == {"OpenTelemetry"}
    assert [len(asked.messages), len(again.messages)] == [1, 3]
    assert json.loads(called.tool_calls[0].arguments) == ARGUMENTS
    assert (called.stop, said.stop, said.text) == ("tool_use", "end", ANSWER)
    assert {asked.tools[0].name for asked, _ in spoken(cassette)} == {"refund"}
    assert [one.reply.head.at if one.reply.head else None for one in cassette.exchanges] == [1.5, 1.5]
    assert [len(list(one.reply.body)) > 0 and called.streamed for one in cassette.exchanges] == [streamed] * 2
    assert [(tool.name, tool.arguments, tool.end.result) for tool in cassette.tools] == [
        # Gemini has results as objects, and wraps a text in one.
        ("refund", ARGUMENTS, {"result": RESULT["result"]} if "gemini" in vendor else RESULT["result"])
    ]


@pytest.mark.parametrize(
    ("word", "stop"),
    [
        ("end_turn", "end"),
        ("stop", "end"),
        ("STOP", "end"),
        ("max_tokens", "length"),
        ("content_filter", "filter"),
    ],
)
def test_a_turn_ends_as_the_word_of_its_provider_says(word: str, stop: str, tmp_path: Path) -> None:
    spans = [span(0, [ASKED], {**SAID, "finish_reason": word})]
    cassette = imported({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}, tmp_path)

    assert [turn.stop for _, turn in spoken(cassette)] == [stop]


def test_tools_are_read_as_logfire_has_them_from_anthropics_client(tmp_path: Path) -> None:
    cassette = imported(otlp(**{"gen_ai.tool.definitions": json.dumps(shop.TOOLS)}), tmp_path, streamed=True)
    rehearsal = Rehearsal(shop.scenario(shop.careful), cassette=cassette)
    rehearsal.prepare()

    assert {call.fidelity for call in rehearsal.clean.calls} == {Fidelity.EXACT}


def test_the_responses_api_is_told_apart_by_its_attribute(tmp_path: Path) -> None:
    told = {"gen_ai.provider.name": "openai", "openai.api.type": "responses"}
    cassette = imported(otlp(**told), tmp_path)

    assert {one.protocol for one in cassette.exchanges} == {"openai_responses"}


@pytest.mark.parametrize(
    "document", [otlp(), langfuse(), openinference()], ids=["OpenTelemetry", "Langfuse", "OpenInference"]
)
def test_an_agent_on_the_real_sdk_replays_on_its_trace(document: Any, tmp_path: Path) -> None:
    cassette = imported(document, tmp_path, streamed=True)
    rehearsal = Rehearsal(shop.scenario(shop.careful), cassette=cassette)
    rehearsal.prepare()

    assert [call.fidelity for call in rehearsal.clean.calls] == [Fidelity.EXACT, Fidelity.EXACT]
    assert rehearsal.clean.answers[-1].text == ANSWER
    assert rehearsal.tools_run_for_real == ()


@pytest.mark.parametrize(
    ("document", "told"),
    [
        (otlp(**{"gen_ai.input.messages": None}), "gen_ai.input.messages"),
        (otlp(**{"gen_ai.operation.name": "embeddings"}), "no span of it is a call of a model"),
        ({"data": [{"id": "g7", "type": "GENERATION", "model": "m", "input": "hi", "output": "x"}]}, "g7"),
        ({"resourceSpans": [{"scopeSpans": [{"spans": ["x", 7]}]}]}, "no span of it"),
        (otlp(**{"openinference.span.kind": "CHAIN"}), "is LLM in none"),
        (otlp(**{"openinference.span.kind": "LLM"}), "llm.model_name"),
    ],
    ids=["no messages", "no call", "no list of messages", "no spans", "a chain", "no model"],
)
def test_a_trace_that_cannot_be_replayed_says_why(document: Any, told: str, tmp_path: Path) -> None:
    with pytest.raises(CassetteDamaged, match=told):
        imported(document, tmp_path)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.just("gen_ai.operation.name"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
    max_leaves=12,
)


@settings(deadline=None, max_examples=60)
@given(
    where=st.sampled_from(["span", "attribute", "generation", "message", "run"]),
    key=st.sampled_from(sorted(ATTRIBUTES)),
    what=JSON,
)
def test_no_trace_is_so_odd_that_it_is_not_refused_in_one_line(where: str, key: str, what: Any) -> None:
    one = {**span(0, [ASKED], CALLED), **({key: what} if where == "span" else {})}
    if where == "attribute":
        one["attributes"].append(
            {"key": key, "value": what if isinstance(what, dict) else {"stringValue": what}}
        )
    if where == "message":
        one = openinference()["resourceSpans"][0]["scopeSpans"][0]["spans"][1]
        one["attributes"].append({"key": "llm.input_messages.0.message", "value": {"stringValue": what}})
    trace = {"resourceSpans": [{"scopeSpans": [{"spans": [one]}]}]}
    if where == "generation":
        trace = langfuse()
        trace["data"][1][key if key in trace["data"][1] else "output"] = what
    if where == "run":
        trace = {
            "runs": [{"id": "r", "run_type": "llm", "inputs": {"messages": what}, "outputs": {}, key: what}]
        }
    for format_ in (
        otel.FORMAT,
        langfuse_format.FORMAT,
        openinference_format.FORMAT,
        langsmith_format.FORMAT,
    ):
        if format_.recognises(trace):
            with suppress(Unfit):
                format_.read(trace)


def test_the_command_says_what_a_trace_lacks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("shop.json").write_text(json.dumps(langfuse()))
    code = run_command(["cassette", "import", "shop.json", "--streamed"])
    told = capsys.readouterr().out
    run_command(["cassette", "check"])

    assert code == 0
    assert "2 calls, 1 tool call" in told
    assert "A trace of Langfuse holds what was said, not its bytes" in told
    assert "rendered from a trace of Langfuse" in capsys.readouterr().out
    assert len(open_cassette(Path("cassettes/shop.msgpack")).exchanges) == 2
