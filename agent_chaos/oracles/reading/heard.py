"""What an agent heard of the replies that faults struck, and what it did not wait for."""

from __future__ import annotations

import math

from agent_chaos.faults.fault import Fault
from agent_chaos.oracles.reading.turns import read_whole
from agent_chaos.trace.trace import Answer, Call, Raised, ToolRun, Trace


def heard_as_recorded(trace: Trace, *, before: float = math.inf) -> bool:
    """Whether faults struck replies alone before that entry, left the whole turn in each, and the client read it to its last
    byte.

    What strikes a run later changes nothing about what it had heard.
    """
    struck = [call for call in trace.calls if call.fired and call.seq < before]
    if not struck or any(run.fired and run.seq < before for run in trace.tools):
        return False
    return all(
        read_whole(trace, call) and all(_says_the_same(fault) for fault in call.fired) for call in struck
    )


def _says_the_same(fault: Fault) -> bool:
    return fault.transparent and not set(fault.changes) - {"other_parts"}


def gave_up_waiting(trace: Trace) -> bool:
    """Whether the agent left a call, or a tool, that a fault had made late, before its reply had come, or failed."""
    left = [call for call in trace.calls if call.fired and _is_late(call) and _is_left(trace, call)]
    unread = any(not (call.reply and call.reply.body) or not read_whole(trace, call) for call in left)
    return unread or any(run.fired and _was_under_way(trace, run) for run in trace.tools)


def _was_under_way(trace: Trace, run: ToolRun) -> bool:
    """Whether the turn went on, or ended, before a tool gave anything."""
    ends: tuple[Answer | Raised, ...] = (*trace.answers, *trace.raised)
    later = [one.at for one in ends if one.turn == run.turn and one.seq > run.seq]
    return any(at < run.at + run.duration_s for at in later)


def _is_late(call: Call) -> bool:
    """Whether the reply took longer than the recorded one; a client that leaves any other does not leave for its delay."""
    if call.reply is None:
        return False
    # A reply that broke may never have come to its end for the client, which is late enough.
    return call.recorded is None or call.reply.duration > call.recorded.duration or not call.reply.ok


def _is_left(trace: Trace, call: Call) -> bool:
    delivered = trace.deliveries.get(call.seq)
    return delivered is None or delivered.outcome in ("open", "closed")
