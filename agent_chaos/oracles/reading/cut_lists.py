"""What an agent does for each thing that a reply names, where a fault cut the reply and so the list."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from agent_chaos.oracles.oracle import Evidence
from agent_chaos.oracles.reading.turns import is_truncated, recorded_text, served_turn
from agent_chaos.trace.trace import Call, ToolRun

_LONG_ENOUGH = 3
"""Characters; a shorter value may stand in any text by chance."""


def runs_left_out(evidence: Evidence, call: Call) -> list[ToolRun]:
    """The clean run's tool runs in the turn of a call that did not happen, and that are for what the cut took from its reply."""
    served, whole = served_turn(call), recorded_text(call)
    if served is None or not is_truncated(call):
        return []
    mine = [run for run in evidence.trace.tools if run.turn == call.turn]
    ran = [(run.name, run.arguments) for run in mine]
    usual = [run for run in evidence.clean.tools if run.turn == call.turn]
    gone = [run for run in usual if (run.name, run.arguments) not in ran]
    # Only where the agent went on to the tool, as usual: who does nothing at all may have stopped for the cut, and who
    # does something else is judged by that.
    known = [(run.name, run.arguments) for run in usual]
    other = {name for name, arguments in ran if (name, arguments) not in known}
    begun = {run.name for run in mine} - other - {asked.name for asked in served.tool_calls}
    lost = (run for run in gone if run.name in begun)
    return [
        run for run in lost if any(one in whole and one not in served.text for one in _words(run.arguments))
    ]


def _words(value: Any) -> Iterator[str]:
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _words(inner)
    elif isinstance(value, str) and len(value) >= _LONG_ENOUGH:
        yield value
