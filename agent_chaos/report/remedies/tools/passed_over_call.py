"""A tool call that cannot be run is passed over, and neither the model nor the user hears of it."""

from __future__ import annotations

from agent_chaos.report.remedies.case import Case
from agent_chaos.report.remedies.remedy import Remedy


def _fits(case: Case) -> bool:
    told = case.violation.oracle == "swallowed_error" and case.violation.subject == "tool call"
    return told and not case.asks_and_runs  # what a framework passes over is not in the agent's hands


REMEDY = Remedy(
    name="passed_over_call",
    headline="A tool call that cannot be run is passed over without a word",
    does="Give the model an error result for a tool call that cannot be run, or ask again; a turn does not end with it.",
    fits=_fits,
    at=lambda case: case.at_tool or case.at_call,
    reach="function",
    order=8,
    code={
        "": "try:\n"
        "    result = ...  # parse the arguments, look the tool up, run it\n"
        "except Exception as exc:\n"
        '    result = f"not run: {exc}"'
    },
)
