"""Measures a finished run: its trace as metrics."""

from __future__ import annotations

from collections import Counter
from itertools import groupby, pairwise

from agent_chaos.providers.registry import framing_of
from agent_chaos.providers.turn import ModelTurn
from agent_chaos.results.metrics import (
    CallMetrics,
    CallRecord,
    ConversationMetrics,
    MetricsStore,
    StreamMetrics,
    TokenMetrics,
)
from agent_chaos.stream.exchange import Data, Reply
from agent_chaos.trace.trace import Call, Delivered, Trace
from agent_chaos.trial.fault_records import struck
from agent_chaos.trial.injector import ChaosInjector
from agent_chaos.trial.timeline import conversation_timeline

_STALL_S = 10.0


def measured(trace: Trace, injector: ChaosInjector | None = None) -> MetricsStore:
    """The metrics of a run. Calls to hosts without a protocol do not count."""
    spoken = [call for call in trace.calls if call.wire is not None]
    history = [
        _record(list(attempts), trace)
        # Sorted first: attempts of calls made side by side are mixed in the trace.
        for _, attempts in groupby(sorted(spoken, key=lambda one: one.logical), key=lambda one: one.logical)
    ]
    faults, system = struck(trace, injector), _system(spoken)
    return MetricsStore(
        calls=CallMetrics(
            count=len(history),
            retries=sum(record.attempts - 1 for record in history),
            by_provider=dict(Counter(record.provider for record in history)),
            latencies=[record.latency for record in history],
        ),
        tokens=TokenMetrics(
            input=sum(record.usage.get("input_tokens", 0) for record in history),
            output=sum(record.usage.get("output_tokens", 0) for record in history),
        ),
        stream=_stream(spoken, history),
        conv=ConversationMetrics(entries=conversation_timeline(trace, faults, system), system_prompt=system),
        history=history,
        faults=faults,
        tools_called=[run.name for run in trace.tools],
    )


def _turn(call: Call) -> ModelTurn | None:
    return call.wire.parse(call.reply) if call.wire and call.reply and call.reply.body else None


def _record(attempts: list[Call], trace: Trace) -> CallRecord:
    # What a call came to is what its last attempt came to; its time began with the first.
    first, last = attempts[0], attempts[-1]
    turn, delivered = _turn(last), trace.deliveries.get(last.seq)
    reply = last.reply
    error = _error(last, turn, delivered)
    usage = turn.usage if turn else None
    streamed = _streamed(last)
    spent = (usage.input_tokens, usage.output_tokens) if usage else (0, 0)
    return CallRecord(
        call_id=f"call-{first.logical}",
        turn=first.turn,
        provider=first.wire.vendor if first.wire else first.protocol,
        model=turn.model if turn else "",
        success=not error,
        attempts=len(attempts),
        # From the first attempt's start: what a user waits for is the call with its retries.
        latency=(delivered.at if delivered else last.at) - first.at,
        ttft=_first_byte(reply),
        error=error or None,
        usage={"input_tokens": spent[0], "output_tokens": spent[1], "total_tokens": sum(spent)},
        tool_uses=[call.name for call in turn.tool_calls] if turn else [],
        streamed=streamed,
        stream_chunks=_chunks(reply) if reply and streamed else 0,
        stream_cut=bool(streamed and turn and not turn.complete),
    )


def _error(call: Call, turn: ModelTurn | None, delivered: Delivered | None) -> str:
    if call.reply is None:
        return "not recorded"
    # What the client met comes first: a reply with status 200 may have broken in its body.
    if delivered is not None and delivered.outcome in ("aborted", "timeout"):
        return delivered.error or delivered.outcome
    if not call.reply.ok:
        return f"status {call.reply.status}"
    return str(turn.error.get("message") or turn.error.get("type") or "error") if turn and turn.error else ""


def _streamed(call: Call) -> bool:
    return call.reply is not None and framing_of(call.reply, call.wire) is not None


def _first_byte(reply: Reply | None) -> float | None:
    return next((event.at for event in reply.events if isinstance(event, Data)), None) if reply else None


def _chunks(reply: Reply) -> int:
    return sum(isinstance(event, Data) for event in reply.events)


def _stream(calls: list[Call], history: list[CallRecord]) -> StreamMetrics:
    streamed = [record for record in history if record.streamed]
    gaps = [
        later.at - earlier.at
        for call in calls
        if call.reply and _streamed(call)
        for earlier, later in pairwise(call.reply.events)
    ]
    # Each attempt on its own, as each stream that was cut is one.
    cut = [call for call in calls if _streamed(call) and (turn := _turn(call)) and not turn.complete]
    return StreamMetrics(
        ttft_times=[record.ttft for record in streamed if record.ttft is not None],
        stalls=sum(gap >= _STALL_S for gap in gaps),
        stream_cuts=len(cut),
        chunk_counts=[record.stream_chunks for record in streamed],
    )


def _system(calls: list[Call]) -> str:
    return next((call.wire.prompt(call.request).system for call in calls if call.wire), "")
