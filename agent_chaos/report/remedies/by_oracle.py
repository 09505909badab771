"""Whatever no other remedy fits: the advice of the oracle, a finding for each subject."""

from __future__ import annotations

from collections.abc import Sequence

from agent_chaos.report.remedies.case import Case
from agent_chaos.report.remedies.remedy import Remedy
from agent_chaos.trace.stack_frame import StackFrame


def _at(case: Case) -> StackFrame | None:
    if case.violation.tool_seq is not None or case.struck_only_tools:
        return case.at_tool
    return case.at_call or case.at_exception


def _kept_inside(cases: Sequence[Case]) -> str:
    """What a tool raised, told in the agent's own words; a page that it gave in place of a result, refused."""
    case = cases[0]
    if case.violation.subject == "HTML page in the answer" and case.struck_only_tools:
        return _NO_PAGE
    return _OWN_WORDS if case.violation.subject == "credential sent to the model" else ""


_NO_PAGE = """if str(result).lstrip().startswith("<"):
    raise RuntimeError("the tool gave a page, not a result")"""
_OWN_WORDS = """try:
    result = ...  # run the tool
except Exception:  # its text belongs into a log of your own
    result = "failed; it may have taken effect, so check first\""""

REMEDY = Remedy(
    name="by_oracle",
    headline="",
    does="",
    fits=lambda case: True,
    at=_at,
    reach="agent",
    order=100,
    write=_kept_inside,
    apart=lambda case: case.violation.subject.removeprefix("refused: "),
)
