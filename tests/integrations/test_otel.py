"""A run as spans of OpenTelemetry: what was called and when, with its faults as events; read by the official SDK."""

from __future__ import annotations

import json

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from agent_chaos.chaos import llm_rate_limit, tool_error
from agent_chaos.errors import UsageError
from agent_chaos.integrations.otel import send_events
from agent_chaos.run.run import keep, run_rehearsed
from agent_chaos.trial.rehearsal import Rehearsal
from tests.search import shop


@pytest.fixture(scope="module")
def sent(tmp_path_factory):
    """The spans of the careful shop under a rate limit and a failing tool, by name, and the events of its run."""
    folder = tmp_path_factory.mktemp("runs")
    chaos = [llm_rate_limit(retry_after=5).on_call(0).attempts(1), tool_error("out of order")]
    variant = shop.scenario(shop.careful).variant(name="limited", chaos=chaos)
    keep(run_rehearsed(Rehearsal(variant, cassette=shop.cassette())), folder, events=True)
    (file,) = folder.rglob("events.jsonl")
    memory, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(memory))
    send_events(file, provider)
    return memory.get_finished_spans(), [json.loads(line) for line in file.read_text().splitlines()]


def named(spans, start):
    return next(span for span in spans if span.name.startswith(start))


def test_calls_and_tools_are_children_of_the_run(sent):
    spans, _ = sent
    run = named(spans, "invoke_agent")

    assert run.name == "invoke_agent limited"
    assert run.parent is None
    assert {span.parent.span_id for span in spans if span is not run} == {run.context.span_id}
    assert {span.context.trace_id for span in spans} == {run.context.trace_id}
    assert sorted(span.name.split()[0] for span in spans if span is not run) == [
        "chat",
        "chat",
        "execute_tool",
    ]


def test_a_call_has_the_attributes_of_the_conventions(sent):
    call = named(sent[0], "chat")

    assert call.name == "chat claude-sonnet-5"
    assert call.attributes["gen_ai.operation.name"] == "chat"
    assert call.attributes["gen_ai.provider.name"] == "anthropic"
    assert call.attributes["gen_ai.request.model"] == "claude-sonnet-5"
    assert call.attributes["gen_ai.usage.output_tokens"] > 0
    assert call.attributes["agent_chaos.attempts"] == 2


def test_a_fault_is_an_event_of_the_span_that_it_struck(sent):
    spans, _ = sent
    (limited,) = [one for one in named(spans, "chat").events if one.name == "agent_chaos.fault"]
    tool = named(spans, "execute_tool")
    (failed,) = [one for one in tool.events if one.name == "agent_chaos.fault"]

    assert "rate_limit" in limited.attributes["agent_chaos.fault.kind"]
    assert failed.attributes["agent_chaos.fault.where"] == "TOOL"
    assert tool.attributes["gen_ai.tool.name"] == "refund"
    assert json.loads(tool.attributes["gen_ai.tool.call.arguments"]) == {"order": "A-17", "amount": 1500}


def test_times_are_those_of_the_run(sent):
    spans, events = sent
    run, call = named(spans, "invoke_agent"), named(spans, "chat")
    (first, *_, last) = [event["timestamp"] for event in events]
    waited_s = (call.end_time - call.start_time) / 1e9

    assert (run.start_time, run.end_time) == (round(first * 1e9), round(last * 1e9))
    assert waited_s >= 5
    assert all(run.start_time <= span.start_time <= span.end_time <= run.end_time for span in spans)


def test_what_failed_has_the_status_of_an_error(sent):
    spans, events = sent
    passed = events[-1]["success"]

    assert (named(spans, "invoke_agent").status.status_code is StatusCode.ERROR) is not passed


def test_without_opentelemetry_it_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setitem(__import__("sys").modules, "opentelemetry.trace", None)
    with pytest.raises(UsageError, match=r"agent-chaos\[otel\]"):
        send_events(tmp_path / "events.jsonl")
