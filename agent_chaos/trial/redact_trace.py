"""A trace without secrets: what agents raise, answer and hand to tools ends up in reports and stored failures."""

from __future__ import annotations

from dataclasses import replace
from functools import reduce

from agent_chaos.cassette.redaction.redactor import Redactor
from agent_chaos.trace.trace import Answer, Incident, Raised, ToolRun, Trace, TraceEvent


def redact_trace(trace: Trace, redactor: Redactor) -> Trace:
    """The trace as it may be told: redacted as its cassette was, also of the credentials its own requests carry."""
    requests = (entry.request for entry in trace.calls)
    # All requests first: what the agent raises in its first turn may quote a key that it sends in its last.
    knowing = reduce(Redactor.learning, requests, redactor)
    return replace(trace, entries=tuple(_redacted(entry, knowing) for entry in trace.entries))


def _redacted(entry: TraceEvent, redactor: Redactor) -> TraceEvent:
    text, value = redactor.text, redactor.value
    match entry:
        case Raised():
            said, shown = text(entry.message), text(entry.traceback)
            return replace(entry, input=text(entry.input), message=said, traceback=shown)
        case Answer():
            return replace(entry, input=text(entry.input), text=text(entry.text), value=value(entry.value))
        case ToolRun():
            end = replace(entry.end, result=value(entry.end.result), error=text(entry.end.error))
            return replace(entry, arguments=value(entry.arguments), end=end)
        case Incident():
            return replace(entry, detail=text(entry.detail))
        case _:
            return entry
