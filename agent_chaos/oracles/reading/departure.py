"""Where a run left the recording, and how far it can be judged because of that."""

from __future__ import annotations

from collections.abc import Callable

from agent_chaos.oracles.reading.passed_on import passes_on
from agent_chaos.oracles.reading.turns import prompt_of_call, shown
from agent_chaos.providers.turn import Text, ToolResult
from agent_chaos.trace.fidelity import Fidelity
from agent_chaos.trace.trace import Call, Trace


def departed_at(trace: Trace, clean: Trace | None = None) -> int | None:
    """`seq` of the first entry after which replies were given to other questions, if to any; None where none was.

    Not where a run beside it without faults shows that a request only passes on what a fault left of earlier replies.
    """
    return _first(trace, lambda call: not call.fidelity.answered and not _passes_on(trace, clean, call))


def cannot_tell(trace: Trace, *, rewritten: bool, clean: Trace | None = None) -> str:
    """Why nobody knows how a run would have gone on; empty where every turn that a fault struck was judged.

    A turn is over once the agent answered or failed; what it would be told in a later one is no matter of this fault. Where
    chaos rewrote what was said, what the model makes of that is the point, and only its own reply to it tells.
    """
    seq = trace.left_at if rewritten else departed_at(trace, clean)
    if seq is None or (not rewritten and _turn_at(trace, seq) > last_fault_turn(trace)):
        return ""
    return _left(trace, seq)


def asked_otherwise(trace: Trace) -> str:
    """The first request that was not recorded as it stands, in words; empty where all were."""
    return "" if trace.left_at is None else _left(trace, trace.left_at)


def judged_to(trace: Trace, turns: int, clean: Trace | None = None) -> str:
    """How far a run could be judged, where that is not to its end: `as far as recorded (turn 2 of 5)`."""
    seq = _first(trace, lambda call: call.fidelity > Fidelity.TURN)
    if seq is None:
        return ""
    # Turns count from 0 and are told from 1: a turn that was under way counts where its reply was still an
    # answer to its question.
    judged = _turn_at(trace, seq) + (_call_at(trace, seq) is not None and departed_at(trace, clean) != seq)
    return f"as far as recorded (turn {judged} of {turns})"


def last_fault_turn(trace: Trace) -> int:
    """The last scenario turn that a fault struck; -1 where none did."""
    struck = [call.turn for call in trace.calls if call.fired]
    return max((*struck, *(run.turn for run in trace.tools if run.fired)), default=-1)


def _left(trace: Trace, seq: int) -> str:
    """What was asked there, and what differs from the recording."""
    call = _call_at(trace, seq)
    if call is None:
        return next((f"left the recording: {one.detail}" for one in trace.incidents_of("miss")), "")
    differs = f"; differs at {call.difference}" if call.difference else ""
    return f"left the recording at call {call.call}: asked {_asked(call)}{differs}"


def _passes_on(trace: Trace, clean: Trace | None, call: Call) -> bool:
    return clean is not None and passes_on(trace, clean, call)


def _first(trace: Trace, holds: Callable[[Call], bool]) -> int | None:
    calls = [call.seq for call in trace.calls if holds(call)]
    missed = [one.seq for one in trace.incidents_of("miss")]
    return min((*calls, *missed), default=None)


def _call_at(trace: Trace, seq: int) -> Call | None:
    return next((call for call in trace.calls if call.seq == seq), None)


def _turn_at(trace: Trace, seq: int) -> int:
    """The scenario turn that an entry belongs to: as many turns had ended before it."""
    ended = [*(one.seq for one in trace.answers), *(one.seq for one in trace.raised)]
    return sum(one < seq for one in ended)


def _asked(call: Call) -> str:
    """What a request said last, in short."""
    prompt = prompt_of_call(call)
    parts = prompt.messages[-1].parts if prompt and prompt.messages else ()
    results = [part.content for part in parts if isinstance(part, ToolResult)]
    texts = [part.text for part in parts if isinstance(part, Text)]
    return (
        repr(shown(" ".join((*results, *texts)), 60))
        if prompt
        else f"{call.request.method} {call.request.path}"
    )
