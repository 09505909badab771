"""What an agent heard of the replies that faults struck."""

from __future__ import annotations

import math

from agent_chaos.faults.fault import Fault
from agent_chaos.oracles.reading.turns import read_whole
from agent_chaos.trace.trace import Trace


def heard_as_recorded(trace: Trace, *, before: float = math.inf) -> bool:
    """Whether faults struck replies alone before that entry, left the whole turn in each, and the client read it to its last byte.

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
