"""What models asked for in a run: every reply with tool calls, each call with the run of the tool it led to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from agent_chaos.trace.trace import Call, ToolRun, Trace


@dataclass(frozen=True, slots=True)
class AskedCall:
    """A tool call that a model asked for. `args` is None where the text is not JSON; `run` is the `seq` of its run."""

    id: str
    name: str
    arguments: str
    args: Any
    run: int | None


@dataclass(frozen=True, slots=True)
class ToolRequest:
    """A reply that asks for tools, when it was there (`seq` of its delivery); `text` is what it says besides."""

    call_id: str
    turn: int
    at: float
    seq: int
    text: str
    calls: tuple[AskedCall, ...]


def asked(trace: Trace) -> list[ToolRequest]:
    """Every reply that asks for tools, in order. A run is of the first call of its name that has none yet."""
    # Each run is given away once, so that of two equal calls each has its own.
    free = list(trace.tools)
    return [_asked(call, trace, free) for call in trace.calls if _asks(call)]


def _asks(call: Call) -> bool:
    wire, reply = call.wire, call.reply
    return bool(wire and reply and reply.status < 400 and reply.body and wire.parse(reply).tool_calls)


def _asked(call: Call, trace: Trace, free: list[ToolRun]) -> ToolRequest:
    assert call.wire is not None
    assert call.reply is not None
    turn = call.wire.parse(call.reply)
    # While the run goes on a transfer may not be over; then the call itself says when.
    done = trace.deliveries.get(call.seq, call)
    calls = tuple(
        AskedCall(one.id, one.name, one.arguments, _parsed(one.arguments), _run(one.name, call.seq, free))
        for one in turn.tool_calls
    )
    return ToolRequest(f"call-{call.logical}", call.turn, done.at, done.seq, turn.text, calls)


def _run(name: str, after: int, free: list[ToolRun]) -> int | None:
    found = next(_of(name, after, free), None)
    if found is None:
        return None
    free.remove(found)
    return found.seq


def _of(name: str, after: int, free: list[ToolRun]) -> Iterator[ToolRun]:
    return (run for run in free if run.name == name and run.seq > after)


def _parsed(arguments: str) -> Any:
    try:
        return json.loads(arguments)
    except (ValueError, RecursionError):
        # What is nested too deeply for the parser is no JSON for the agent either.
        return None
