"""A run as a conversation: what people read from top to bottom, with every fault where it struck.

Each entry has `type`, `turn_number` and `timestamp_ms` (virtual, since the run started) and fields of its own:
system(content) turn_start(input) user(content) assistant(content, final) tool_call(tool_name, tool_use_id, args,
call_id) tool_result(tool_name, tool_use_id, args, result, success, error, effect) chaos(the fields of
`results.metrics.FaultRecord`) turn_end(success, error, duration_s, llm_calls).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from agent_chaos.results.metrics import FaultRecord
from agent_chaos.trace.trace import Answer, Raised, ToolRun, Trace
from agent_chaos.trial.tool_requests import ToolRequest, asked

_Entry = dict[str, Any]


def conversation_timeline(trace: Trace, faults: Sequence[FaultRecord], system: str) -> list[_Entry]:
    """The conversation of a run, turn by turn, each in the order of time."""
    entries = [_entry("system", 0, 0.0, content=system)] if system else []
    # Worked out once for the run: a tool's result may come in a later turn than the model's wish for it.
    wanted, since = asked(trace), 0.0
    ended: list[Answer | Raised] = [*trace.answers, *trace.raised]
    for end in sorted(ended, key=lambda one: one.seq):
        mine = [fault for fault in faults if fault.turn == end.turn]
        entries += _opening(end, since, mine)
        # Stable, so that of one instant faults come first, then what the model asked, then what tools gave:
        # as `_inside` has them.
        entries += sorted(_inside(trace, wanted, end.turn, mine), key=lambda one: one["timestamp_ms"])
        entries += _closing(trace, end, since)
        since = end.at
    return entries


def _entry(kind: str, turn: int, at: float, **fields: Any) -> _Entry:
    return {"type": kind, "turn_number": turn, "timestamp_ms": round(at * 1_000, 3), **fields}


def _opening(end: Answer | Raised, since: float, faults: Sequence[FaultRecord]) -> Iterator[_Entry]:
    yield _entry("turn_start", end.turn, since, input=end.input)
    yield from (_struck(fault, since) for fault in faults if fault.chaos_point == "user_input")
    yield _entry("user", end.turn, since, content=end.input)


def _inside(
    trace: Trace, wanted: Sequence[ToolRequest], turn: int, faults: Sequence[FaultRecord]
) -> Iterator[_Entry]:
    yield from (_struck(fault, fault.at) for fault in faults if fault.chaos_point != "user_input")
    for ask in wanted:
        if ask.turn == turn:
            yield from _said(ask)
    for run in trace.tools:
        if run.turn == turn:
            yield _tool_result(run, wanted)


def _struck(fault: FaultRecord, at: float) -> _Entry:
    told = fault.model_dump(exclude={"turn", "at"}, exclude_none=True)
    return _entry("chaos", fault.turn, at, target_tool=told.pop("tool", "") or None, **told)


def _said(ask: ToolRequest) -> Iterator[_Entry]:
    """What a model said beside asking for tools, and what it asks for."""
    if ask.text:
        yield _entry("assistant", ask.turn, ask.at, content=ask.text, call_id=ask.call_id, final=False)
    for call in ask.calls:
        yield _entry(
            "tool_call",
            ask.turn,
            ask.at,
            tool_name=call.name,
            tool_use_id=call.id,
            args=call.args,
            call_id=ask.call_id,
        )


def _tool_result(run: ToolRun, wanted: Sequence[ToolRequest]) -> _Entry:
    failed = run.end.raised or None
    return _entry(
        "tool_result",
        run.turn,
        run.at,
        tool_name=run.name,
        # The trace has no ids of tool calls: boundaries see functions, and only the model's reply names the
        # call.
        tool_use_id=next((call.id for ask in wanted for call in ask.calls if call.run == run.seq), ""),
        args=run.arguments,
        result=run.end.result,
        success=failed is None,
        error=failed,
        effect=run.effect,
    )


def _closing(trace: Trace, end: Answer | Raised, since: float) -> Iterator[_Entry]:
    if isinstance(end, Answer):
        yield _entry("assistant", end.turn, end.at, content=end.text, final=True)
    error = f"{end.type}: {end.message}" if isinstance(end, Raised) else None
    calls = {call.logical for call in trace.calls if call.turn == end.turn}
    yield _entry(
        "turn_end",
        end.turn,
        end.at,
        success=error is None,
        error=error,
        duration_s=round(end.at - since, 6),
        llm_calls=len(calls),
    )
