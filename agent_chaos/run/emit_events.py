"""Tells a finished run as events, in the order of time. A pure function of the run: same run, same events."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from agent_chaos.events.sink import EventSink
from agent_chaos.faults.family import PACE
from agent_chaos.results.event_emitter import EventEmitter
from agent_chaos.results.metrics import CallRecord, FaultRecord, MetricsStore
from agent_chaos.results.run_report import RunReport
from agent_chaos.trace.trace import Call, Delivered, ToolRun, Trace
from agent_chaos.trial.tool_requests import ToolRequest, asked

_Step = tuple[float, int, Callable[[EventEmitter], object]]
"""When something is told, in virtual seconds and by the trace entry it comes with, and what."""


def narrate(report: RunReport, trace: Trace, sink: EventSink, *, started_at: float) -> Exception | None:
    """Emits every event of a run and closes the sink; gives what the sink raised, if it did.

    Args:
        started_at: seconds since the epoch at which the run started on its own clock.
    """
    now = 0.0
    # Rounded to microseconds: the sum of a time since 1970 and a virtual one has no more digits that mean
    # anything.
    recorder = EventEmitter(sink, report.metrics, clock=lambda: round(started_at + now, 6))
    recorder.start_trace(report.scenario_name, report.description, trace_id=report.trace_id)
    # By time, and at one time by entry: a tool ends at the instant at which the next call begins.
    for at, _, tell in sorted(_steps(trace, report.metrics), key=lambda step: step[:2]):
        now = at
        tell(recorder)
    now = trace.virtual_s
    recorder.end_trace(success=report.passed, error=report.error, duration_s=report.elapsed_s)
    # Here: a sink that is closed has said all that it could raise.
    recorder.close()
    return recorder.failure


def _steps(trace: Trace, metrics: MetricsStore) -> Iterator[_Step]:
    wanted, attempts = asked(trace), _attempts(trace)
    for record in metrics.history:
        yield from _call(record, attempts[record.call_id], trace)
    for fault in metrics.faults:
        yield fault.at, _place(fault, trace), partial(EventEmitter.record_fault, fault=fault)
    for ask in wanted:
        yield from _asks(ask)
    for run in trace.tools:
        yield from _tool(run, trace, wanted)


def _place(fault: FaultRecord, trace: Trace) -> int:
    """`seq` of the call or tool run that a fault came with; -1 for what the user says."""
    struck: list[Call | ToolRun] = [*trace.calls, *trace.tools]
    return next((one.seq for one in struck if (one.turn, one.at) == (fault.turn, fault.at)), -1)


def _attempts(trace: Trace) -> dict[str, list[Call]]:
    found: dict[str, list[Call]] = {}
    for call in trace.calls:
        if call.wire is not None:
            found.setdefault(f"call-{call.logical}", []).append(call)
    return found


def _call(record: CallRecord, attempts: list[Call], trace: Trace) -> Iterator[_Step]:
    first, last, name = attempts[0], attempts[-1], record.call_id
    done = trace.deliveries.get(last.seq, last)
    end = (done.at, done.seq)
    yield first.at, first.seq, partial(EventEmitter.start_call, call_id=name, provider=record.provider)
    if record.streamed:
        yield from _stream(record, last, done)
    if record.usage.get("total_tokens"):
        yield (
            *end,
            partial(
                EventEmitter.record_token_usage,
                call_id=name,
                model=record.model,
                input_tokens=record.usage["input_tokens"],
                output_tokens=record.usage["output_tokens"],
            ),
        )
    yield (
        *end,
        partial(
            EventEmitter.end_call,
            call_id=name,
            success=record.success,
            latency_ms=round(record.latency * 1_000, 3),
            attempts=record.attempts,
            error=record.error,
        ),
    )


def _stream(record: CallRecord, last: Call, done: Call | Delivered) -> Iterator[_Step]:
    name, chunks = record.call_id, record.stream_chunks
    if record.ttft is not None:
        late = any(fault.family == PACE for fault in last.fired)
        ttft_ms = round(record.ttft * 1_000, 3)
        yield (
            last.at + record.ttft,
            last.seq,
            partial(EventEmitter.record_ttft, call_id=name, ttft_ms=ttft_ms, is_delayed=late),
        )
    if record.stream_cut:
        yield done.at, done.seq, partial(EventEmitter.record_stream_cut, call_id=name, chunk_count=chunks)
    yield done.at, done.seq, partial(EventEmitter.record_stream_stats, call_id=name, chunk_count=chunks)


def _asks(ask: ToolRequest) -> Iterator[_Step]:
    for call in ask.calls:
        size = len(call.arguments.encode(errors="surrogatepass"))
        known = {"tool_name": call.name, "tool_use_id": call.id, "args": call.args}
        yield (
            ask.at,
            ask.seq,
            partial(EventEmitter.record_tool_use, call_id=ask.call_id, input_bytes=size, **known),
        )


def _tool(run: ToolRun, trace: Trace, wanted: list[ToolRequest]) -> Iterator[_Step]:
    pairs = ((ask, call) for ask in wanted for call in ask.calls if call.run == run.seq)
    ask, call = next(pairs, (None, None))
    # A tool that no model asked for, which the agent called by itself, belongs to no span.
    span, tool_id = (ask.call_id if ask else ""), (call.id if call else "")
    following = next((later for later in trace.calls if later.seq > run.seq), None)
    known: dict[str, Any] = {"call_id": span, "tool_name": run.name, "tool_use_id": tool_id}
    waited_ms = round((run.at - ask.at) * 1_000, 3) if ask else None
    yield (
        run.at,
        run.seq,
        partial(EventEmitter.record_tool_start, args=run.arguments, llm_args_ms=waited_ms, **known),
    )
    yield (
        run.at + run.duration_s,
        run.seq,
        partial(
            EventEmitter.record_tool_end,
            result=run.end.result,
            error=run.end.raised or None,
            duration_ms=round(run.duration_s * 1_000, 3),
            resolved_in_call_id=f"call-{following.logical}" if following else None,
            **known,
        ),
    )
