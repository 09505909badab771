"""Nothing limits how often a turn asks the model."""

from __future__ import annotations

from agent_chaos.report.remedies.case import EXAMPLE_PACKAGES, Case
from agent_chaos.report.remedies.remedy import Remedy


def _fits(case: Case) -> bool:
    asks_on = case.violation.oracle == "termination" and case.violation.subject == "requests"
    return asks_on or case.violation.oracle in ("amplification", "cost_amplification")


REMEDY = Remedy(
    name="bounded_loop",
    headline="Nothing limits how often a turn asks the model",
    does="Count the calls of a turn, and stop at a number that no good run reaches; frameworks have a setting for it "
    "(recursion_limit, max_turns, request_limit).",
    fits=_fits,
    at=lambda case: case.at_call,
    reach="function",
    order=10,
    code=dict.fromkeys(
        EXAMPLE_PACKAGES,
        'for _ in range(10):  # instead of `while True`\n    ...\nraise RuntimeError("no answer after 10 calls")',
    ),
)
