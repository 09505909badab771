"""Nothing limits how long a call, or a turn, may take."""

from __future__ import annotations

from agent_chaos.report.remedies.case import Case
from agent_chaos.report.remedies.limited_client import LIMITED_CLIENT
from agent_chaos.report.remedies.remedy import Remedy


def _fits(case: Case) -> bool:
    return case.violation.oracle == "termination" and case.violation.subject != "requests"


REMEDY = Remedy(
    name="deadline",
    headline="Nothing limits how long a turn may wait",
    does="Give the client a timeout that fits a turn, and the turn a deadline of its own.",
    fits=_fits,
    at=lambda case: case.at_call,
    reach="agent",
    order=10,
    code=LIMITED_CLIENT,
)
