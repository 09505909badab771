"""Vectors are taken for the texts that stand where they stand."""

from __future__ import annotations

from agent_chaos.faults.family import EMBEDDINGS
from agent_chaos.report.remedies.case import Case
from agent_chaos.report.remedies.remedy import Remedy


def _fits(case: Case) -> bool:
    struck = {fault.family for _, fault in case.trace.fired}
    return case.violation.oracle == "transparent_outcome" and struck == {EMBEDDINGS}


REMEDY = Remedy(
    name="vector_by_index",
    headline="A vector is taken for another text's",
    does="Take each vector for the text that its `index` names, wherever it stands in the list; treat a list that lacks one as failed.",
    fits=_fits,
    at=lambda case: case.at_call,
    order=18,
    code={"": "for one in sorted(reply.data, key=lambda one: one.index):\n    ..."},
)
