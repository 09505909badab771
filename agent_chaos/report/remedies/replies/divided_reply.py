"""A client reads other words out of a reply that is only divided otherwise."""

from __future__ import annotations

from agent_chaos.faults.family import DIVISION, NOISE
from agent_chaos.oracles.reading.heard import heard_as_recorded
from agent_chaos.oracles.unhandled_exception import grade_of
from agent_chaos.report.remedies.case import Case
from agent_chaos.report.remedies.remedy import Remedy


def _fits(case: Case) -> bool:
    # One who stops to read at the first sign of an end has not heard it whole.
    divided = {fault.family for _, fault in case.trace.fired} <= {DIVISION, NOISE}
    if case.violation.oracle == "unhandled_exception":
        raised = case.raised if not case.from_library else None
        return divided and raised is not None and grade_of(raised) == "honest"
    return case.violation.oracle == "transparent_outcome" and (divided or heard_as_recorded(case.trace))


REMEDY = Remedy(
    name="divided_reply",
    headline="A reply that comes in other pieces is read as another reply",
    does="Read a stream to its end, whatever it is divided into: tell tool calls apart by id and index, set an id or a name "
    "instead of appending it, and pass over chunks that hold nothing.",
    fits=_fits,
    at=lambda case: case.at_call,
    order=19,
    events={
        "openai_chat": "$for $chunk in ...:\n"
        "    for part in $chunk.choices[0].delta.tool_calls or ():\n"
        "        name = part.function.name or name  # set it, never add to it"
    },
)
