"""Every run is told as typed events, complete, in order, the same each time; a sink that fails changes nothing."""

from pathlib import Path

import pytest

from agent_chaos.chaos import context_mutate, llm_rate_limit, llm_stream_cut, tool_error, user_input_mutate
from agent_chaos.errors import UsageError
from agent_chaos.events import (
    JsonlSink,
    ListSink,
    MultiSink,
    NullSink,
    ToolEndEvent,
    TraceStartEvent,
    read_events,
)
from agent_chaos.results.event_emitter import EventEmitter
from agent_chaos.run.run import FinishedRun, keep, run_rehearsed
from agent_chaos.scenario.model import ChaosScenario
from agent_chaos.trial.rehearsal import Rehearsal
from tests.search import shop


def ran(*chaos, agent=shop.careful) -> FinishedRun:
    one = ChaosScenario(name="shop", agent=agent, turns=(shop.QUESTION,), chaos=chaos)
    return run_rehearsed(Rehearsal(one, cassette=shop.cassette()))


def told(run: FinishedRun) -> list:
    sink = ListSink()
    run.tell(sink)
    return sink.events


def kinds(run: FinishedRun) -> list[str]:
    return [event.type for event in told(run)]


def test_a_run_is_told_from_its_start_to_its_end():
    events = told(ran())

    assert [event.type for event in events] == [
        "trace_start", "span_start", "ttft", "stream_stats", "token_usage", "span_end", "tool_use", "tool_start",
        "tool_end", "span_start", "ttft", "stream_stats", "token_usage", "span_end", "trace_end",
    ]  # fmt: skip
    assert len({event.trace_id for event in events}) == 1
    assert [event.timestamp for event in events] == sorted(event.timestamp for event in events)


def test_the_tool_is_told_with_what_the_model_asked_for():
    run = ran()
    use, start, end = (
        next(e for e in told(run) if e.type == t) for t in ("tool_use", "tool_start", "tool_end")
    )

    assert use.args == start.args == run.trace.tools[0].arguments
    assert use.tool_use_id == start.tool_use_id == end.tool_use_id != ""
    assert (use.span_id, end.resolved_in_call_id) == ("call-0", "call-1")


def test_a_retried_call_is_one_span_with_its_attempts():
    events = told(ran(llm_rate_limit(retry_after=7).attempts(1)))
    first = next(event for event in events if event.type == "span_end")

    assert (first.attempts, first.success) == (2, True)
    assert first.latency_ms > 7_000
    assert [event.type for event in events].count("fault_injected") == 1


def test_a_fault_of_the_wire_says_what_came_instead():
    fault = next(e for e in told(ran(llm_rate_limit(retry_after=7))) if e.type == "fault_injected")

    assert (fault.fault_type, fault.chaos_point, fault.span_id) == ("rate_limit", "LLM", "call-0")
    assert (fault.original["status"], fault.mutated["status"]) == (200, 429)


def test_a_fault_of_a_tool_says_what_it_gave():
    fault = next(e for e in told(ran(tool_error("nope"))) if e.type == "fault_injected")

    assert (fault.chaos_point, fault.target_tool) == ("TOOL", "refund")
    assert "nope" in str(fault.mutated)
    assert fault.original == "refunded 1500 on order A-17"


def louder(text: str) -> str:
    """Shouts."""
    return text.upper()


def test_a_mutator_is_told_by_name_with_before_and_after():
    fault = next(e for e in told(ran(user_input_mutate(louder))) if e.type == "fault_injected")

    assert (fault.chaos_fn_name, fault.chaos_fn_doc) == ("louder", "Shouts.")
    assert (fault.original, fault.mutated) == (shop.QUESTION, shop.QUESTION.upper())


def test_changed_messages_are_told_as_those_added_and_removed():
    chaos = context_mutate(lambda messages: [*messages, {"role": "user", "content": "and a pony"}])
    fault = next(e for e in told(ran(chaos)) if e.type == "fault_injected")

    assert (fault.chaos_point, fault.added_count, fault.removed_count) == ("CONTEXT", 1, 0)
    assert fault.added_messages == [{"role": "user", "content": "and a pony"}]


def test_a_cut_stream_is_told():
    found = kinds(ran(llm_stream_cut(after_chunks=2)))

    assert "stream_cut" in found
    assert "ttft" in found


def test_the_same_run_is_told_in_the_same_bytes(tmp_path: Path):
    files = [keep(ran(llm_rate_limit().attempts(1)), tmp_path / name) for name in ("one", "two")]

    assert (files[0] / "events.jsonl").read_bytes() == (files[1] / "events.jsonl").read_bytes()
    assert (files[0] / "report.json").read_bytes() == (files[1] / "report.json").read_bytes()


def test_what_a_file_sink_writes_is_read_back_as_it_was(tmp_path: Path):
    run, sink = ran(tool_error("nope")), JsonlSink(tmp_path / "deep" / "events.jsonl")
    run.tell(sink)

    assert read_events(tmp_path / "deep" / "events.jsonl") == told(run)


def test_a_line_that_is_no_event_is_named(tmp_path: Path):
    (tmp_path / "events.jsonl").write_text('{"type": "trace_start"}\n{"type": "party"}\n')

    with pytest.raises(UsageError, match="line 2 is not an event"):
        read_events(tmp_path / "events.jsonl")


class Broken(NullSink):
    def __init__(self):
        self.asked = 0

    def emit(self, event):
        self.asked += 1
        raise OSError("disk full")


def test_a_sink_that_fails_is_told_and_keeps_nobody_from_anything():
    broken, whole = Broken(), ListSink()
    failure = ran().tell(MultiSink([broken, whole]))

    assert isinstance(failure, ExceptionGroup)
    assert [whole.events[0].type, whole.events[-1].type] == ["trace_start", "trace_end"]
    assert broken.asked == 1


def test_an_empty_list_is_a_sink_too():
    sink = ListSink()
    EventEmitter(sink).start_trace("shop")

    assert [type(event) for event in sink.events] == [TraceStartEvent]


def test_half_a_character_and_odd_line_ends_are_written_and_read_as_any_other_text(tmp_path):
    told = ToolEndEvent(tool_name="search", result={"half": "\ud83d", "line": "one\u2028two", "name": "é"})
    sink = JsonlSink(tmp_path / "events.jsonl")
    sink.emit(told)
    sink.close()

    assert read_events(tmp_path / "events.jsonl") == [told]
