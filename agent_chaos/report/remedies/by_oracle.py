"""Whatever no other remedy fits: the advice of the oracle, a finding for each subject."""

from __future__ import annotations

from agent_chaos.report.remedies.case import Case
from agent_chaos.report.remedies.remedy import Remedy
from agent_chaos.trace.stack_frame import StackFrame


def _at(case: Case) -> StackFrame | None:
    if case.violation.tool_seq is not None or case.struck_only_tools:
        return case.at_tool
    return case.at_call or case.at_exception


REMEDY = Remedy(
    name="by_oracle",
    headline="",
    does="",
    fits=lambda case: True,
    at=_at,
    reach="agent",
    order=100,
    apart=lambda case: case.violation.subject.removeprefix("refused: "),
)
