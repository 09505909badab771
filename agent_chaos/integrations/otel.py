"""A run as OpenTelemetry spans, by its conventions for generative AI, with each fault as an event of the span that it struck.

    chaos_context(..., event_sink=OtelSink())          # while it is reported
    send_events(".agent_chaos_runs/…/events.jsonl")    # afterwards, from the file of a run

The spans go to the tracer provider that the process has set up, so to Logfire, Langfuse, Phoenix or any collector. Times are
those of the run's own clock: in replay the recording's start and virtual seconds.
"""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path
from typing import Any

from agent_chaos.errors import UsageError
from agent_chaos.events.event import (
    Event,
    FaultInjectedEvent,
    SpanEndEvent,
    SpanStartEvent,
    StreamCutEvent,
    TokenUsageEvent,
    ToolEndEvent,
    ToolStartEvent,
    TraceEndEvent,
    TraceStartEvent,
    TTFTEvent,
)
from agent_chaos.events.sink import read_events
from agent_chaos.version import __version__

_PROVIDERS = {"gemini": "gcp.gemini", "bedrock": "aws.bedrock", "mistral": "mistral_ai"}
"""Vendors that the conventions call otherwise."""


class OtelSink:
    """Makes a span for the run, one for each logical call of a model, and one for each tool call.

    Args:
        provider: an `opentelemetry.trace.TracerProvider`; the process's own without one.

    Raises:
        UsageError: OpenTelemetry is not installed.
    """

    def __init__(self, provider: Any = None) -> None:
        try:
            # Late, as few users have OpenTelemetry.
            self._api: Any = import_module("opentelemetry.trace")
        except ImportError:
            raise UsageError(
                'spans need OpenTelemetry, which is not installed; pip install "agent-chaos[otel]"'
            ) from None
        tracers = provider or self._api.get_tracer_provider()
        self._tracer = tracers.get_tracer("agent-chaos", __version__)
        self._run: Any = None
        self._calls: dict[str, Any] = {}
        self._tools: dict[tuple[str, str], Any] = {}
        self._tool_ends: dict[tuple[str, str], ToolEndEvent] = {}
        """How tools ended; their spans end with the run's, as what struck them is told later than that."""

    def emit(self, event: Event) -> None:
        """Begins, changes or ends the span that an event is about."""
        match event:
            case TraceStartEvent():
                self._run = self._begun(event, f"invoke_agent {event.trace_name}", "invoke_agent")
                self._run.set_attribute("gen_ai.agent.name", event.trace_name)
            case SpanStartEvent():
                span = self._begun(event, "chat", "chat", kind=self._api.SpanKind.CLIENT)
                span.set_attribute("gen_ai.provider.name", _PROVIDERS.get(event.provider, event.provider))
                self._calls[event.span_id] = span
            # An event of a call that never began, in a file that was cut at its top, is passed over.
            case TokenUsageEvent() if event.span_id in self._calls:
                _used(self._calls[event.span_id], event)
            case TTFTEvent() if event.span_id in self._calls:
                self._calls[event.span_id].set_attribute("agent_chaos.time_to_first_byte_ms", event.ttft_ms)
            case StreamCutEvent():
                told = {"agent_chaos.chunks": event.chunk_count}
                self._of(event).add_event("agent_chaos.stream_cut", told, _ns(event))
            case FaultInjectedEvent():
                self._of(event).add_event("agent_chaos.fault", _fault(event), _ns(event))
            case SpanEndEvent() if event.span_id in self._calls:
                span = self._calls.pop(event.span_id)
                span.set_attribute("agent_chaos.attempts", event.attempts)
                self._end(span, event, None if event.success else event.error or "failed")
            case ToolStartEvent():
                self._tools[_tool_key(event)] = self._tool(event)
            case ToolEndEvent() if _tool_key(event) in self._tools:
                self._tools[_tool_key(event)].set_attribute("gen_ai.tool.call.result", _text(event.result))
                self._tool_ends[_tool_key(event)] = event
            case TraceEndEvent():
                self._close(event)
            case _:
                pass

    def close(self) -> None:
        """Nothing: the run's span ends with its last event, and its provider sends it on."""

    def _begun(self, event: Event, name: str, operation: str, kind: Any = None) -> Any:
        # By hand, not as the current span: events may be told of a run long after it, in any context.
        parent = self._api.set_span_in_context(self._run) if self._run is not None else None
        span = self._tracer.start_span(
            name, context=parent, kind=kind or self._api.SpanKind.INTERNAL, start_time=_ns(event)
        )
        span.set_attribute("gen_ai.operation.name", operation)
        return span

    def _tool(self, event: ToolStartEvent) -> Any:
        span = self._begun(event, f"execute_tool {event.tool_name}", "execute_tool")
        span.set_attribute("gen_ai.tool.name", event.tool_name)
        span.set_attribute("gen_ai.tool.call.id", event.tool_use_id)
        span.set_attribute("gen_ai.tool.call.arguments", _text(event.args))
        return span

    def _of(self, event: Event) -> Any:
        """The span that something happened in: of a tool the latest by that name, else a call's, or the run's."""
        tool = event.target_tool if isinstance(event, FaultInjectedEvent) else None
        # A fault is told without the id of the call: ids are the model's, and faults act at the function.
        struck = [span for (name, _), span in self._tools.items() if name == tool]
        return struck[-1] if struck else self._calls.get(event.span_id, self._run)

    def _end(self, span: Any, event: Event, error: str | None) -> None:
        if error is not None:
            span.set_status(self._api.StatusCode.ERROR, error)
            # The class alone, as the conventions ask for few different values.
            span.set_attribute("error.type", error.partition(":")[0])
        span.end(_ns(event))

    def _close(self, event: TraceEndEvent) -> None:
        for key, span in self._tools.items():
            end = self._tool_ends.get(key)
            failed = None if end is not None and end.success else (end and end.error) or "never ended"
            self._end(span, end or event, failed)
        for span in self._calls.values():
            self._end(span, event, "never ended")
        # One sink may be told of several runs, one after the other.
        self._tools, self._tool_ends, self._calls = {}, {}, {}
        self._run.set_attribute("agent_chaos.faults", event.fault_count)
        self._end(self._run, event, None if event.success else event.error or "did not pass")
        self._run = None


def send_events(file: str | Path, provider: Any = None) -> None:
    """Sends a run's `events.jsonl` as spans. Raises UsageError where OpenTelemetry is missing, or the file is none."""
    sink = OtelSink(provider)
    for event in read_events(file):
        sink.emit(event)


def _used(span: Any, event: TokenUsageEvent) -> None:
    if event.model:
        span.update_name(f"chat {event.model}")
        span.set_attribute("gen_ai.request.model", event.model)
    span.set_attribute("gen_ai.usage.input_tokens", event.input_tokens)
    span.set_attribute("gen_ai.usage.output_tokens", event.output_tokens)


def _fault(event: FaultInjectedEvent) -> dict[str, str]:
    told = {"kind": event.fault_type, "where": event.chaos_point, "description": event.description}
    return {f"agent_chaos.fault.{name}": value for name, value in told.items() if value}


def _tool_key(event: ToolStartEvent | ToolEndEvent) -> tuple[str, str]:
    return event.tool_name, event.tool_use_id


def _ns(event: Event) -> int:
    return round(event.timestamp * 1e9)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
