"""The faults that struck in a run, as records with what each acted on and what it made of it."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any, Literal

from agent_chaos.faults.fault import Fault
from agent_chaos.providers.protocol import WireProtocol
from agent_chaos.providers.registry import framing_of
from agent_chaos.results.metrics import FaultRecord
from agent_chaos.stream.exchange import Reply
from agent_chaos.trace.trace import Call, ToolRun, Trace
from agent_chaos.trial.injector import Changed, ChaosInjector


def struck(trace: Trace, injector: ChaosInjector | None = None) -> list[FaultRecord]:
    """Every fault that struck, in order: those on the trace, and the changes that mutators made."""
    found = [*_on_trace(trace), *(_changed(one) for one in (injector.changes if injector else ()))]
    # Two lists, each in its own order: what mutators changed is not on the trace.
    return sorted(found, key=lambda record: (record.turn, record.at))


def _on_trace(trace: Trace) -> Iterator[FaultRecord]:
    for entry in trace.entries:
        if isinstance(entry, Call):
            yield from (_of_call(fault, entry) for fault in entry.fired)
        elif isinstance(entry, ToolRun):
            yield from (_of_tool(fault, entry) for fault in entry.fired)


def _of_call(fault: Fault, call: Call) -> FaultRecord:
    return FaultRecord(
        call_id=f"call-{call.logical}",
        fault_type=fault.kind,
        description=fault.describe(),
        turn=call.turn,
        chaos_point=_point(fault, call),
        at=call.at,
        original=_told(call.recorded, call.wire),
        mutated=_told(call.reply, call.wire),
    )


def _point(fault: Fault, call: Call) -> Literal["llm_call", "stream"]:
    """A stream is what a fault acts on where one came, and the fault changes how it comes."""
    reply, recorded = call.reply, call.recorded
    streamed = reply is not None and recorded is not None and framing_of(recorded, call.wire) is not None
    began = reply is not None and reply.head is not None and reply.status < 400
    return "stream" if streamed and began and fault.level != "message" else "llm_call"


def _of_tool(fault: Fault, run: ToolRun) -> FaultRecord:
    return FaultRecord(
        call_id="",
        fault_type=fault.kind,
        description=fault.describe(),
        turn=run.turn,
        chaos_point="tool_result",
        tool=run.name,
        at=run.at,
        original=run.recorded,
        mutated={"error": run.end.raised} if run.end.failed else run.end.result,
    )


def _changed(change: Changed) -> FaultRecord:
    fault = change.chaos.fault
    # A history may be a hundred messages long, of which a change concerns one.
    before, after = _apart(change.before, change.after)
    return FaultRecord(
        call_id=f"call-{change.call}" if change.call >= 0 else "",
        fault_type=fault.kind,
        description=fault.describe(),
        turn=change.turn,
        chaos_point=change.chaos.point,
        tool=change.tool,
        at=change.at,
        original=before,
        mutated=after,
        chaos_fn_name=getattr(change.chaos.mutator, "__name__", None),
        chaos_fn_doc=inspect.getdoc(change.chaos.mutator) if change.chaos.mutator else None,
    )


def _apart(before: Any, after: Any) -> tuple[Any, Any]:
    """Of two lists of messages those that only one has; other values as they are."""
    if not (isinstance(before, list) and isinstance(after, list)):
        return before, after
    return [one for one in before if one not in after], [one for one in after if one not in before]


def _told(reply: Reply | None, wire: WireProtocol | None) -> dict[str, Any] | None:
    """A reply as people compare two: its status, what the model said, how it ended and how long it took."""
    if reply is None:
        return None
    last = reply.events[-1]
    told: dict[str, Any] = {"seconds": round(last.at, 3), "transfer": getattr(last, "kind", "complete")}
    if reply.head is None:
        return told
    told["status"] = reply.status
    if wire is None or not reply.body:
        return told
    turn = wire.parse(reply)
    calls = [{"name": call.name, "arguments": call.arguments} for call in turn.tool_calls]
    said = {"text": turn.text, "tool_calls": calls, "stop": turn.stop_raw or turn.stop, "error": turn.error}
    return told | {key: value for key, value in said.items() if value}
