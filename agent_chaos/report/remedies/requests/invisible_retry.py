"""A request was sent again, and what the failed attempt had said is part of the outcome."""

from __future__ import annotations

from agent_chaos.report.remedies.case import Case
from agent_chaos.report.remedies.remedy import Remedy


def _fits(case: Case) -> bool:
    return case.violation.oracle == "transparent_outcome" and case.asked_again


REMEDY = Remedy(
    name="invisible_retry",
    headline="A retry changes what comes out",
    does="Throw away all that a failed attempt had given before the request is sent again: its text, its tool calls, what was "
    "shown to the user.",
    fits=_fits,
    at=lambda case: case.at_call,
    order=19,
)
