"""A tool gave nothing, and that is passed on as the answer."""

from __future__ import annotations

from agent_chaos.report.remedies.case import Case
from agent_chaos.report.remedies.remedy import Remedy


def _fits(case: Case) -> bool:
    return case.violation.oracle == "empty_answer" and case.struck_only_tools


REMEDY = Remedy(
    name="empty_result",
    headline="A tool that gives nothing makes an empty answer",
    does="Look at what a tool gave before it is passed on: an empty result is no answer.",
    fits=_fits,
    at=lambda case: case.at_tool or case.at_call,
    order=9,
    code={"": 'if not result:\n    raise RuntimeError("the tool gave nothing")'},
)
