"""What happened in a run, as twelve typed events, and the sinks they go to."""

from __future__ import annotations

from agent_chaos.events.event import (
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
from agent_chaos.events.sink import EventSink, JsonlSink, ListSink, MultiSink, NullSink, read_events

__all__ = [
    "Event",
    "EventSink",
    "FaultInjectedEvent",
    "JsonlSink",
    "ListSink",
    "MultiSink",
    "NullSink",
    "SpanEndEvent",
    "SpanStartEvent",
    "StreamCutEvent",
    "StreamStatsEvent",
    "TTFTEvent",
    "TokenUsageEvent",
    "ToolEndEvent",
    "ToolStartEvent",
    "ToolUseEvent",
    "TraceEndEvent",
    "TraceStartEvent",
    "read_events",
]
