"""What a run measured, as people read it. Times are virtual seconds; calls are logical ones, retries counted apart."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict


class _Model(BaseModel):
    # Schemas are built at their first use: most commands import these models and never make one.
    model_config = ConfigDict(extra="forbid", defer_build=True)


class CallRecord(_Model):
    """One logical call to a model, over all its attempts.

    `usage` has input_tokens, output_tokens and total_tokens of the reply that counted; `latency` runs from the first
    attempt to the end of the last; `error` names the error status or the broken transfer of the last attempt.
    `stream_cut` says that its stream ended before the protocol's own end.
    """

    call_id: str
    turn: int
    provider: str
    model: str = ""
    success: bool
    attempts: int = 1
    latency: float = 0.0
    ttft: float | None = None
    error: str | None = None
    usage: dict[str, int] = {}
    tool_uses: list[str] = []
    streamed: bool = False
    stream_chunks: int = 0
    stream_cut: bool = False


class FaultRecord(_Model):
    """A fault that struck.

    `call_id` names the call, or is empty for faults of tools and of what the user says; `chaos_point` is where it
    acted, in the words of 0.1.3. `original` and `mutated` are what was recorded and what the agent got instead, as
    JSON values; for changed messages only those that were `removed` and `added`.
    """

    call_id: str
    fault_type: str
    description: str
    turn: int
    chaos_point: Literal["user_input", "llm_call", "stream", "tool_result", "messages"] = "llm_call"
    tool: str = ""
    at: float = 0.0
    original: Any = None
    mutated: Any = None
    chaos_fn_name: str | None = None
    chaos_fn_doc: str | None = None


class CallMetrics(_Model):
    count: int = 0
    retries: int = 0
    by_provider: dict[str, int] = {}
    latencies: list[float] = []


class TokenMetrics(_Model):
    input: int = 0
    output: int = 0


class StreamMetrics(_Model):
    """`stalls` counts gaps of ten seconds and more inside a stream."""

    ttft_times: list[float] = []
    stalls: int = 0
    stream_cuts: int = 0
    chunk_counts: list[int] = []


class ConversationMetrics(_Model):
    """`entries` is the conversation as a timeline; each has `type`, `turn_number`, `timestamp_ms` and its own fields."""

    entries: list[dict[str, Any]] = []
    system_prompt: str = ""


class MetricsStore(_Model):
    """Everything measured in a run."""

    calls: CallMetrics = CallMetrics()
    tokens: TokenMetrics = TokenMetrics()
    stream: StreamMetrics = StreamMetrics()
    conv: ConversationMetrics = ConversationMetrics()
    history: list[CallRecord] = []
    faults: list[FaultRecord] = []
    tools_called: list[str] = []

    @property
    def total_calls(self) -> int:
        return self.calls.count

    @property
    def failed_calls(self) -> int:
        return sum(not record.success for record in self.history)

    @property
    def uncounted(self) -> list[CallRecord]:
        """Calls that succeeded and whose provider told no tokens, as OpenAI's chat streams do unless they are asked to."""
        return [
            # A stream that was cut never came to its counts, which stand in its last event.
            one
            for one in self.history
            if one.success and not one.stream_cut and not any(one.usage.values())
        ]

    @property
    def success_rate(self) -> float:
        """The share of calls that succeeded; 1 where there were none."""
        return 1.0 if not self.history else 1 - self.failed_calls / len(self.history)

    @property
    def avg_latency(self) -> float:
        return _mean(self.calls.latencies)

    @property
    def avg_ttft(self) -> float:
        return _mean(self.stream.ttft_times)

    @property
    def total_input_tokens(self) -> int:
        return self.tokens.input

    @property
    def total_output_tokens(self) -> int:
        return self.tokens.output

    @property
    def total_tokens(self) -> int:
        return self.tokens.input + self.tokens.output

    @property
    def avg_tokens_per_call(self) -> float:
        return _mean([float(record.usage.get("total_tokens", 0)) for record in self.history])

    @property
    def max_tokens_single_call(self) -> int:
        return max((record.usage.get("total_tokens", 0) for record in self.history), default=0)

    def get_token_history(self) -> list[dict[str, Any]]:
        """Per call: call_id, input, output, total and cumulative tokens."""
        rows: list[dict[str, Any]] = []
        cumulative = 0
        for record in self.history:
            total = record.usage.get("total_tokens", 0)
            cumulative += total
            tokens = {
                "input": record.usage.get("input_tokens", 0),
                "output": record.usage.get("output_tokens", 0),
            }
            rows.append({"call_id": record.call_id, **tokens, "total": total, "cumulative": cumulative})
        return rows


def _mean(values: list[float]) -> float:
    return sum(values) / len(values) if values else 0.0
