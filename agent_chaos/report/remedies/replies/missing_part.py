"""One of several calls fails, and what it would have said is left out."""

from __future__ import annotations

from agent_chaos.report.remedies.case import Case
from agent_chaos.report.remedies.remedy import Remedy


def _fits(case: Case) -> bool:
    return case.violation.oracle == "swallowed_error" and case.violation.subject == "prompt"


REMEDY = Remedy(
    name="missing_part",
    headline="A call of several that fails is left out without a word",
    does="Where a call of several failed for good, say so in what the next one is told and in the answer, or raise.",
    fits=_fits,
    at=lambda case: case.at_call,
    order=8,
    code={
        "": "failed = [one for one in results if isinstance(one, Exception)]\n"
        "if failed:  # of asyncio.gather(..., return_exceptions=True)\n"
        "    raise failed[0]"
    },
)
