"""The events of a run. A trace is one run, a span one logical call to a model with all its attempts.

Flat, one JSON object each, told apart by `type`; fields that a later version adds are kept when they are read.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

ChaosPointName = Literal["LLM", "STREAM", "TOOL", "CONTEXT", "USER_INPUT"]


class _Event(BaseModel):
    """What every event has.

    `timestamp` is seconds since the epoch on the run's own clock: in replay the recording's start and virtual seconds.
    `span_id` is empty outside of calls, `provider` where none speaks.
    """

    # Unlike every other model here: an older version must read the files of a newer one, and lose nothing.
    model_config = ConfigDict(frozen=True, extra="allow", defer_build=True)

    timestamp: float = 0.0
    trace_id: str = ""
    trace_name: str = ""
    span_id: str = ""
    provider: str = ""


class TraceStartEvent(_Event):
    """A run starts."""

    type: Literal["trace_start"] = "trace_start"
    description: str = ""


class TraceEndEvent(_Event):
    """A run is over; `total_calls` and `failed_calls` are logical calls, `duration_s` is on the run's clock."""

    type: Literal["trace_end"] = "trace_end"
    total_calls: int = 0
    failed_calls: int = 0
    fault_count: int = 0
    success: bool = True
    error: str | None = None
    duration_s: float = 0.0


class SpanStartEvent(_Event):
    """A call to a model starts."""

    type: Literal["span_start"] = "span_start"


class SpanEndEvent(_Event):
    """A call to a model is over, after `attempts` requests; `latency_ms` covers all of them."""

    type: Literal["span_end"] = "span_end"
    success: bool = True
    latency_ms: float = 0.0
    attempts: int = 1
    error: str | None = None


class FaultInjectedEvent(_Event):
    """A fault struck. `original` and `mutated` are what it acted on and what it made of it, as JSON values."""

    type: Literal["fault_injected"] = "fault_injected"
    fault_type: str
    chaos_point: ChaosPointName = "LLM"
    description: str = ""
    chaos_fn_name: str | None = None
    chaos_fn_doc: str | None = None
    target_tool: str | None = None
    original: Any = None
    mutated: Any = None
    added_messages: list[Any] | None = None
    removed_messages: list[Any] | None = None
    added_count: int | None = None
    removed_count: int | None = None


class TTFTEvent(_Event):
    """The first byte of a streamed reply's body came; `is_delayed` says that a fault made it late."""

    type: Literal["ttft"] = "ttft"
    ttft_ms: float
    is_delayed: bool = False


class StreamCutEvent(_Event):
    """A stream ended before the protocol's own end, after `chunk_count` chunks."""

    type: Literal["stream_cut"] = "stream_cut"
    chunk_count: int


class StreamStatsEvent(_Event):
    """How many chunks a streamed reply came in."""

    type: Literal["stream_stats"] = "stream_stats"
    chunk_count: int


class TokenUsageEvent(_Event):
    """The tokens that the provider counted for a call, and the sums since the run started."""

    type: Literal["token_usage"] = "token_usage"
    input_tokens: int = 0
    output_tokens: int = 0
    total_tokens: int = 0
    model: str = ""
    cumulative_input_tokens: int = 0
    cumulative_output_tokens: int = 0
    cumulative_total_tokens: int = 0


class ToolUseEvent(_Event):
    """The model asks for a tool; `args` as parsed, None where they are not JSON; `input_bytes` as sent."""

    type: Literal["tool_use"] = "tool_use"
    tool_name: str
    tool_use_id: str = ""
    input_bytes: int = 0
    args: Any = None


class ToolStartEvent(_Event):
    """A wrapped tool starts; `llm_args_ms` is the time since the model asked for it."""

    type: Literal["tool_start"] = "tool_start"
    tool_name: str
    tool_use_id: str = ""
    input_bytes: int = 0
    args: Any = None
    llm_args_ms: float | None = None


class ToolEndEvent(_Event):
    """A wrapped tool is done; `resolved_in_call_id` is the next call to a model, which gets to see its result."""

    type: Literal["tool_end"] = "tool_end"
    tool_name: str
    tool_use_id: str = ""
    success: bool = True
    duration_ms: float = 0.0
    output_bytes: int = 0
    result: Any = None
    error: str | None = None
    resolved_in_call_id: str | None = None


Event = Annotated[
    TraceStartEvent
    | TraceEndEvent
    | SpanStartEvent
    | SpanEndEvent
    | FaultInjectedEvent
    | TTFTEvent
    | StreamCutEvent
    | StreamStatsEvent
    | TokenUsageEvent
    | ToolUseEvent
    | ToolStartEvent
    | ToolEndEvent,
    # By the type alone: pydantic would else try all twelve, and tell twelve errors of one bad line.
    Field(discriminator="type"),
]
"""Any event."""

EVENT: TypeAdapter[Event] = TypeAdapter(Event)
"""Reads an event from a JSON object."""
