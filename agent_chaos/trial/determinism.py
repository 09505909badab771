"""Whether two runs without faults are the same, and in what they differ, in words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

from agent_chaos.cassette.keys import first_difference
from agent_chaos.files import relative
from agent_chaos.stream.exchange import Request
from agent_chaos.trace.fidelity import Fidelity
from agent_chaos.trace.trace import Call, Raised, ToolRun, Trace, TraceEvent, Wait

_SETUP = (
    "state survives between trials (a history, a rate limiter, a cache): give the scenario a setup= that starts it afresh, or "
    "keep state in ctx.agent_state"
)


def difference_of_runs(first: Trace, second: Trace, redact: Callable[[Request], Request]) -> str:
    """The first difference of two runs, told of their redacted requests; '' where they are equal."""
    # Equal for nearly every agent, and kept with the trace; entries are compared only to tell what differs.
    if first.digest == second.digest:
        return ""
    # Not strict: one run may have gone on longer, which is told last.
    for one, other in zip(first.entries, second.entries, strict=False):
        # By what they show: lines of code are no part of it, and a moved one is no difference of behaviour.
        if repr(one) != repr(other) and repr(_kept(one, redact)) != repr(_kept(other, redact)):
            return f"{_place(one, first)}: {_differing(one, other, redact)}{_agents_line(other)}"
    if len(first.entries) == len(second.entries):
        return ""
    return f"one run made {len(first.entries)} steps, the other {len(second.entries)}"


def _kept(entry: TraceEvent, redact: Callable[[Request], Request]) -> TraceEvent:
    """An entry as it would be recorded: a secret that each process makes for itself, such as a session's id, differs from
    run to run, and requests are matched without it."""
    return replace(entry, request=redact(entry.request)) if isinstance(entry, Call) else entry


def _place(entry: TraceEvent, trace: Trace) -> str:
    if isinstance(entry, Call):
        return f"call {entry.call}"
    before = [call.call for call in trace.calls if call.seq < entry.seq]
    what = f"tool {entry.name}" if isinstance(entry, ToolRun) else type(entry).__name__.lower()
    return f"{what} after call {before[-1]}" if before else f"{what} before the first call"


def _agents_line(entry: TraceEvent) -> str:
    """Where in the agent's code a step was taken, as an aside; '' where no line of it was met."""
    frame = entry.frame if isinstance(entry, Call | ToolRun | Raised) else None
    return f" (from {relative(frame.file)}:{frame.line}, in {frame.function})" if frame is not None else ""


def _differing(one: TraceEvent, other: TraceEvent, redact: Callable[[Request], Request]) -> str:
    if type(one) is not type(other):
        return f"{type(one).__name__.lower()} in one run, {type(other).__name__.lower()} in the other"
    if isinstance(one, Call) and isinstance(other, Call) and one.request.body != other.request.body:
        return first_difference(redact(one.request), redact(other.request))
    for field in fields(one):
        before, after = getattr(one, field.name), getattr(other, field.name)
        if repr(before) != repr(after):
            return f"{field.name} {_short(before)} in one run, {_short(after)} in the other"
    # The digests differ and no field does, so that only what `portable` takes out is left.
    return "memory addresses"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def left_recording(trace: Trace) -> str:
    """Where a run without faults did not match its recording exactly, in words; '' where it did."""
    for call in trace.calls:
        if call.fidelity > Fidelity.NORMALISED:
            # Without a difference nothing was recorded that it could be compared with.
            asked = f", {call.request.method} {call.request.host}{call.request.path}, was not recorded"
            differs = f" differs from its recording at {call.difference}" if call.difference else asked
            return f"call {call.call}{differs}{_agents_line(call)}"
    return next((incident.detail for incident in trace.incidents_of("miss")), "")


def state_survives(first: Trace, second: Trace) -> str:
    """Advice, where the second run's first request carries what the first run left behind, or waits for it; else ''."""
    if not first.calls or not second.calls:
        return ""
    # What grows from run to run, or could not be moved into the past, as a limiter has that keeps its times out of reach.
    if _waited_before(first) != _waited_before(second):
        return _SETUP
    earlier, later = first.calls[0].request.body, second.calls[0].request.body
    # Another length: something was added, as a history is. A time or an id in the prompt keeps its length.
    return _SETUP if later != earlier and len(later) != len(earlier) else ""


def _waited_before(trace: Trace) -> list[float]:
    """The waits before the first call, in seconds."""
    return [
        entry.seconds for entry in trace.entries if isinstance(entry, Wait) and entry.seq < trace.calls[0].seq
    ]
