"""What a tool gave cannot be sent to the model as it is."""

from __future__ import annotations

from agent_chaos.report.remedies.case import Case
from agent_chaos.report.remedies.remedy import Remedy


def _fits(case: Case) -> bool:
    only_tools = all(site.of == "tool" for site, _ in case.trace.fired)
    raised = case.raised.type if case.raised else ""
    return case.violation.oracle == "unhandled_exception" and only_tools and raised == "UnicodeEncodeError"


REMEDY = Remedy(
    name="clean_result",
    headline="Text of a tool that cannot be sent ends the turn",
    does="Make what a tool gives into text that can be sent, before it goes to the model.",
    fits=_fits,
    at=lambda case: case.at_tool or case.at_call,
    order=8,
    code={"": 'result = result.encode("utf-8", "replace").decode()'},
)
