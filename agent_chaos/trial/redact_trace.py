"""A trace without secrets: what agents raise, answer and hand to tools ends up in reports and stored failures."""

from __future__ import annotations

from dataclasses import replace
from functools import reduce

from agent_chaos.cassette.redaction.redactor import Redactor
from agent_chaos.oracles.oracle import Violation
from agent_chaos.oracles.verdict import Outcome
from agent_chaos.trace.trace import Answer, Call, Incident, Raised, ToolRun, Trace, TraceEvent


def redact_trace(trace: Trace, redactor: Redactor) -> Trace:
    """The trace as it may be told: redacted as its cassette was, also of the credentials its own requests carry.

    The requests are as they were, for oracles; `redact_requests` is for what tells of them.
    """
    knowing = _knowing(trace, redactor)
    return replace(trace, entries=tuple(_redacted(entry, knowing) for entry in trace.entries))


def redact_requests(trace: Trace, redactor: Redactor) -> Trace:
    """The trace with its requests redacted, too."""
    knowing = _knowing(trace, redactor)

    def redacted(call: Call) -> Call:
        asked = call.request
        # Kept with the request, which failures of one campaign share.
        plain = asked.derived((__name__, tuple(knowing.secrets.items())), lambda: knowing.request(asked))
        return replace(call, request=plain)

    entries = (redacted(entry) if isinstance(entry, Call) else entry for entry in trace.entries)
    return replace(trace, entries=tuple(entries))


def redact_outcome(outcome: Outcome, redactor: Redactor) -> Outcome:
    """The outcome without secrets in what oracles quote of requests, which they read as they were sent."""
    if not outcome.violations:
        return outcome
    knowing = _knowing(outcome.trace, redactor)

    def redacted(one: Violation) -> Violation:
        quoted = {"reason": knowing.text(one.reason)}
        quoted |= {name: knowing.value(getattr(one, name)) for name in ("before", "after")}
        return one.model_copy(update=quoted)

    found = tuple(map(redacted, outcome.violations))
    return replace(outcome, violations=found, reason=knowing.text(outcome.reason))


def _knowing(trace: Trace, redactor: Redactor) -> Redactor:
    # All requests first: what the agent raises in its first turn may quote a key that it sends in its last.
    # Cheap a second time, for the outcome of the same run: what a request teaches is kept with it.
    return reduce(Redactor.learning, (entry.request for entry in trace.calls), redactor)


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
