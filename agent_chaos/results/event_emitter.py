"""Tells a run to a sink, as typed events. A sink that fails is left alone from then on, and changes nothing else."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from agent_chaos.containment import Contained
from agent_chaos.events.event import (
    ChaosPointName,
    Event,
    FaultInjectedEvent,
    SpanEndEvent,
    SpanStartEvent,
    StreamCutEvent,
    StreamStatsEvent,
    TokenUsageEvent,
    ToolEndEvent,
    ToolStartEvent,
    ToolUseEvent,
    TraceEndEvent,
    TraceStartEvent,
    TTFTEvent,
)
from agent_chaos.events.sink import EventSink, NullSink
from agent_chaos.results.metrics import FaultRecord, MetricsStore

_POINTS: dict[str, ChaosPointName] = {
    "user_input": "USER_INPUT",
    "llm_call": "LLM",
    "stream": "STREAM",
    "tool_result": "TOOL",
    "messages": "CONTEXT",
}


class EventEmitter:
    """Emits the events of one run.

    Args:
        sink: where they go.
        metrics: of the run; told at its end, and kept for those who ask.
        clock: seconds since the epoch, for the events' timestamps.

    Attributes:
        failure: what the sink raised, if it did.
    """

    def __init__(
        self,
        sink: EventSink | None = None,
        metrics: MetricsStore | None = None,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.sink: EventSink = NullSink() if sink is None else sink
        self.metrics = MetricsStore() if metrics is None else metrics
        self.trace_id = ""
        self.trace_name = ""
        self.failure: Exception | None = None
        self._clock = clock
        # From the start of a call: its later events are told by its number alone.
        self._provider: dict[str, str] = {}
        # Input and output tokens of all calls so far; events tell the sums as well.
        self._spent = [0, 0]

    def emit(self, make: Callable[..., Event], /, **fields: Any) -> None:
        """Makes an event of this run, now, and passes it on."""
        # A sink that raised once is left alone: a full disk would raise at every event, and slow the run down
        # with each.
        if self.failure is None:
            event = make(
                timestamp=self._clock(), trace_id=self.trace_id, trace_name=self.trace_name, **fields
            )
            self._safely(lambda: self.sink.emit(event))

    def _safely(self, step: Callable[[], None]) -> None:
        with Contained() as contained:
            step()
        self.failure = self.failure or contained.error

    def start_trace(self, name: str, description: str = "", *, trace_id: str = "") -> str:
        self.trace_name, self.trace_id = name, trace_id
        self.emit(TraceStartEvent, description=description)
        return trace_id

    def end_trace(self, *, success: bool, error: str | None = None, duration_s: float = 0.0) -> None:
        metrics = self.metrics
        self.emit(
            TraceEndEvent,
            total_calls=metrics.total_calls,
            failed_calls=metrics.failed_calls,
            fault_count=len(metrics.faults),
            success=success,
            error=error,
            duration_s=duration_s,
        )

    def start_call(self, call_id: str, provider: str) -> str:
        self._provider[call_id] = provider
        self.emit(SpanStartEvent, **self._span(call_id))
        return call_id

    def end_call(
        self,
        call_id: str,
        *,
        success: bool,
        latency_ms: float = 0.0,
        attempts: int = 1,
        error: str | None = None,
    ) -> None:
        self.emit(
            SpanEndEvent,
            success=success,
            latency_ms=latency_ms,
            attempts=attempts,
            error=error,
            **self._span(call_id),
        )

    def record_fault(self, fault: FaultRecord) -> None:
        changed: dict[str, Any] = {"original": fault.original, "mutated": fault.mutated}
        if fault.chaos_point == "messages":
            # A changed history is not kept whole: `original` holds what was taken out of it, `mutated` what
            # was put in.
            removed, added = list(fault.original or ()), list(fault.mutated or ())
            changed = {
                "added_messages": added,
                "removed_messages": removed,
                "added_count": len(added),
                "removed_count": len(removed),
            }
        self.emit(
            FaultInjectedEvent,
            fault_type=fault.fault_type,
            description=fault.description,
            chaos_point=_POINTS[fault.chaos_point],
            chaos_fn_name=fault.chaos_fn_name,
            chaos_fn_doc=fault.chaos_fn_doc,
            target_tool=fault.tool or None,
            **changed,
            **self._span(fault.call_id),
        )

    def record_ttft(self, call_id: str, ttft_ms: float, *, is_delayed: bool = False) -> None:
        self.emit(TTFTEvent, ttft_ms=ttft_ms, is_delayed=is_delayed, **self._span(call_id))

    def record_stream_cut(self, call_id: str, chunk_count: int) -> None:
        self.emit(StreamCutEvent, chunk_count=chunk_count, **self._span(call_id))

    def record_stream_stats(self, call_id: str, chunk_count: int) -> None:
        self.emit(StreamStatsEvent, chunk_count=chunk_count, **self._span(call_id))

    def record_token_usage(
        self, call_id: str, *, input_tokens: int, output_tokens: int, model: str = ""
    ) -> None:
        self._spent[0] += input_tokens
        self._spent[1] += output_tokens
        self.emit(
            TokenUsageEvent,
            input_tokens=input_tokens,
            output_tokens=output_tokens,
            total_tokens=input_tokens + output_tokens,
            model=model,
            cumulative_input_tokens=self._spent[0],
            cumulative_output_tokens=self._spent[1],
            cumulative_total_tokens=sum(self._spent),
            **self._span(call_id),
        )

    def record_tool_use(
        self, call_id: str, *, tool_name: str, tool_use_id: str, input_bytes: int, args: Any
    ) -> None:
        self.emit(
            ToolUseEvent,
            tool_name=tool_name,
            tool_use_id=tool_use_id,
            input_bytes=input_bytes,
            args=args,
            **self._span(call_id),
        )

    def record_tool_start(
        self, call_id: str, *, tool_name: str, tool_use_id: str, args: Any, llm_args_ms: float | None
    ) -> None:
        self.emit(
            ToolStartEvent,
            tool_name=tool_name,
            tool_use_id=tool_use_id,
            input_bytes=_size(args),
            args=args,
            llm_args_ms=llm_args_ms,
            **self._span(call_id),
        )

    def record_tool_end(
        self,
        call_id: str,
        *,
        tool_name: str,
        tool_use_id: str,
        result: Any,
        error: str | None,
        duration_ms: float,
        resolved_in_call_id: str | None,
    ) -> None:
        self.emit(
            ToolEndEvent,
            tool_name=tool_name,
            tool_use_id=tool_use_id,
            success=error is None,
            duration_ms=duration_ms,
            output_bytes=_size(result),
            result=result,
            error=error,
            resolved_in_call_id=resolved_in_call_id,
            **self._span(call_id),
        )

    def close(self) -> None:
        self._safely(self.sink.close)

    def _span(self, call_id: str) -> dict[str, str]:
        return {"span_id": call_id, "provider": self._provider.get(call_id, "")}


def _size(value: Any) -> int:
    """Bytes of a JSON value as compact JSON; of a text as it stands."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    # Models may send half of a surrogate pair, which UTF-8 refuses.
    return len(text.encode(errors="surrogatepass"))
