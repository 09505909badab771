"""Measures a finished run: its trace as metrics and as a conversation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import groupby, pairwise
from typing import Any

from agent_chaos.chaos.fault import Fault
from agent_chaos.chaos.trigger import PROTOCOLS
from agent_chaos.core.metrics import (
    CallMetrics,
    CallRecord,
    ConversationMetrics,
    FaultRecord,
    MetricsStore,
    StreamMetrics,
    TokenMetrics,
)
from agent_chaos.core.trace import Answer, Call, Delivered, Raised, ToolRun, Trace
from agent_chaos.providers.protocol import ModelTurn
from agent_chaos.scenario.director import Director
from agent_chaos.stream.exchange import Data, Reply

_STALL_S = 10.0
_PROVIDER = {protocol: name for name, protocols in PROTOCOLS.items() for protocol in protocols}


def measured(trace: Trace, director: Director | None = None) -> MetricsStore:
    """The metrics of a run. Calls to hosts without a protocol do not count."""
    spoken = [call for call in trace.calls if call.wire is not None]
    history = [
        _record(list(attempts), trace)
        for _, attempts in groupby(sorted(spoken, key=lambda one: one.call), key=lambda one: one.call)
    ]
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
        conv=ConversationMetrics(entries=_conversation(trace, director), system_prompt=_system(spoken)),
        history=history,
        faults=[*_faults(trace), *_changes(director)],
        tools_called=[run.name for run in trace.tools],
    )


def _turn(call: Call) -> ModelTurn | None:
    return call.wire.parse(call.reply) if call.wire and call.reply and call.reply.body else None


def _record(attempts: list[Call], trace: Trace) -> CallRecord:
    first, last = attempts[0], attempts[-1]
    turn, delivered = _turn(last), trace.deliveries.get(last.seq)
    reply = last.reply
    error = _error(last, turn, delivered)
    usage = turn.usage if turn else None
    spent = (usage.input_tokens, usage.output_tokens) if usage else (0, 0)
    return CallRecord(
        call_id=f"call-{first.call}",
        turn=first.turn,
        provider=_PROVIDER.get(first.protocol, first.protocol),
        model=turn.model if turn else "",
        success=not error,
        attempts=len(attempts),
        latency=(delivered.at if delivered else last.at) - first.at,
        ttft=_first_byte(reply),
        error=error or None,
        usage={"input_tokens": spent[0], "output_tokens": spent[1], "total_tokens": sum(spent)},
        tool_uses=[call.name for call in turn.tool_calls] if turn else [],
        streamed=bool(reply and reply.streamed),
        stream_chunks=_chunks(reply) if reply and reply.streamed else 0,
    )


def _error(call: Call, turn: ModelTurn | None, delivered: Delivered | None) -> str:
    if call.reply is None:
        return "not recorded"
    if delivered is not None and delivered.outcome in ("aborted", "timeout"):
        return delivered.error or delivered.outcome
    if not call.reply.ok:
        return f"status {call.reply.status}"
    return str(turn.error.get("message") or turn.error.get("type") or "error") if turn and turn.error else ""


def _first_byte(reply: Reply | None) -> float | None:
    return next((event.at for event in reply.events if isinstance(event, Data)), None) if reply else None


def _chunks(reply: Reply) -> int:
    return sum(isinstance(event, Data) for event in reply.events)


def _stream(calls: list[Call], history: list[CallRecord]) -> StreamMetrics:
    streamed = [record for record in history if record.streamed]
    gaps = [
        later.at - earlier.at
        for call in calls
        if call.reply and call.reply.streamed
        for earlier, later in pairwise(call.reply.events)
    ]
    cut = [
        call
        for call in calls
        if call.reply and call.reply.streamed and (turn := _turn(call)) and not turn.complete
    ]
    return StreamMetrics(
        ttft_times=[record.ttft for record in streamed if record.ttft is not None],
        stalls=sum(gap >= _STALL_S for gap in gaps),
        stream_cuts=len(cut),
        chunk_counts=[record.stream_chunks for record in streamed],
    )


def _system(calls: list[Call]) -> str:
    return next((call.wire.prompt(call.request).system for call in calls if call.wire), "")


def _faults(trace: Trace) -> Iterator[FaultRecord]:
    for entry in trace.entries:
        if isinstance(entry, Call):
            yield from (_fault(one, f"call-{entry.call}", entry) for one in entry.fired)
        elif isinstance(entry, ToolRun):
            yield from (_fault(one, "", entry) for one in entry.fired)


def _fault(fault: Fault, call_id: str, entry: Call | ToolRun) -> FaultRecord:
    return FaultRecord(
        call_id=call_id,
        fault_type=fault.kind,
        description=fault.describe(),
        turn=entry.turn,
        tool=entry.name if isinstance(entry, ToolRun) else "",
        at=entry.at,
        mutated=entry.result if isinstance(entry, ToolRun) else None,
    )


def _changes(director: Director | None) -> Iterator[FaultRecord]:
    for change in director.changes if director else ():
        fault = change.chaos.fault
        yield FaultRecord(
            call_id="",
            fault_type=fault.kind,
            description=fault.describe(),
            turn=change.turn,
            original=change.before,
            mutated=change.after,
        )


def _conversation(trace: Trace, director: Director | None) -> list[dict[str, Any]]:
    """The run as a timeline, turn by turn."""
    entries: list[dict[str, Any]] = []
    ended: list[Answer | Raised] = [*trace.answers, *trace.raised]
    ends = {entry.turn: entry for entry in ended}
    for turn in sorted(ends):
        end = ends[turn]
        started = next(
            (e.at for e in trace.entries if isinstance(e, Call | ToolRun) and e.turn == turn), end.at
        )
        entries.append(_entry("turn_start", turn, started, input=end.input))
        entries.append(_entry("user", turn, started, content=end.input))
        for entry in trace.entries:
            if isinstance(entry, Call | ToolRun) and entry.turn == turn:
                entries += list(_told(entry))
        if isinstance(end, Answer):
            entries.append(_entry("assistant", turn, end.at, content=end.text))
        error = f"{end.type}: {end.message}" if isinstance(end, Raised) else None
        entries.append(_entry("turn_end", turn, end.at, success=error is None, error=error))
    return entries


def _told(entry: Call | ToolRun) -> Iterator[dict[str, Any]]:
    for fault in entry.fired:
        of = entry.name if isinstance(entry, ToolRun) else f"call-{entry.call}"
        yield _entry(
            "chaos", entry.turn, entry.at, fault_type=fault.kind, description=fault.describe(), target=of
        )
    if isinstance(entry, ToolRun):
        yield _entry("tool_call", entry.turn, entry.at, tool_name=entry.name, args=entry.arguments)
        failed = entry.error or None
        yield _entry(
            "tool_result",
            entry.turn,
            entry.at,
            tool_name=entry.name,
            result=entry.result,
            success=not failed,
            error=failed,
        )


def _entry(kind: str, turn: int, at: float, **fields: Any) -> dict[str, Any]:
    return {"type": kind, "turn_number": turn, "timestamp_ms": round(at * 1_000, 3), **fields}
