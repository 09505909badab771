"""A tool runs otherwise than the model's call says: by another name, or with other arguments."""

from __future__ import annotations

from collections.abc import Sequence

from agent_chaos.report.remedies.case import Case
from agent_chaos.report.remedies.remedy import Remedy


def _named(cases: Sequence[Case]) -> str:
    """A look at the name, where the agent runs its only tool whatever the model's call names."""
    case = next((one for one in cases if one.violation.subject.endswith(" for another name")), None)
    if case is None or case.tool is None or not case.protocol:
        return ""
    name = "call.function.name" if case.protocol == "openai_chat" else "call.name"
    return (
        f'if {name} != "{case.tool.name}":  # of each call that the model makes\n'
        f'    result = f"there is no tool {{{name}}}"'
    )


REMEDY = Remedy(
    name="call_as_sent",
    headline="Tools run otherwise than the model's calls say",
    does="Run the tool that a call names with the arguments that it gives; answer a call that you cannot run so with an error "
    "result.",
    fits=lambda case: case.violation.oracle == "argument_fidelity",
    at=lambda case: case.at_tool or case.at_call,
    order=9,
    write=_named,
)
