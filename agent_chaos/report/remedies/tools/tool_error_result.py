"""A tool call that cannot be run takes the turn with it."""

from __future__ import annotations

from agent_chaos.report.remedies.case import Case
from agent_chaos.report.remedies.remedy import Remedy


def _fits(case: Case) -> bool:
    if case.acts_on_words:
        return False  # there is no call that an error result could answer
    if case.violation.oracle == "history_poisoning" and case.trace.raised:
        return case.runs_tools
    if case.violation.oracle != "unhandled_exception":
        return False
    return case.runs_tools or "exception of a tool" in case.violation.subject


def _code(result: str) -> str:
    return (
        "try:\n"
        "    result = ...  # parse the arguments, look the tool up, run it\n"
        "except Exception:\n"
        f"    {result}"
    )


_SAID = 'result = "failed; it may have taken effect, so check first"'

REMEDY = Remedy(
    name="tool_error_result",
    headline="A tool call that cannot be run, or fails, takes the whole turn with it",
    does="Answer such a call with an error result; after a timeout the effect may have landed, so say that, and send "
    "tools that write an idempotency key.",
    fits=_fits,
    at=lambda case: case.at_exception or case.at_tool,
    reach="function",
    order=15,
    code={"": _code(_SAID)},
)
