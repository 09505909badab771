"""A tool runs otherwise than the model's call says: by another name, or with other arguments."""

from __future__ import annotations

from agent_chaos.report.remedies.remedy import Remedy

REMEDY = Remedy(
    name="call_as_sent",
    headline="Tools run otherwise than the model's calls say",
    does="Run the tool that a call names with the arguments that it gives; answer a call that you cannot run so with an error "
    "result.",
    fits=lambda case: case.violation.oracle == "argument_fidelity",
    at=lambda case: case.at_tool or case.at_call,
    order=9,
)
