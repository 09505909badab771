"""A tool that the agent runs by itself, and that no model calls, fails, and takes the turn with it."""

from __future__ import annotations

from collections.abc import Sequence

from agent_chaos.report.remedies.case import Case
from agent_chaos.report.remedies.remedy import Remedy


def _fits(case: Case) -> bool:
    # What came back without an exception is a result, whose shape is another matter.
    failed = any(run.end.failed for run in case.trace.tools)
    return (
        case.violation.oracle == "unhandled_exception" and case.acts_on_words and case.runs_tools and failed
    )


def _caught(cases: Sequence[Case]) -> str:
    names = {case.tool.name for case in cases if case.tool is not None}
    name = names.pop() if len(names) == 1 else ""
    ran = f"{name}(...)" if name.isidentifier() else "...  # the tool"
    return (
        f"try:\n    done = {ran}\nexcept Exception as exc:\n"
        '    done = f"not confirmed ({exc}); check before you try again"'
    )


REMEDY = Remedy(
    name="failed_action",
    headline="A tool that the agent runs by itself fails, and takes the whole turn with it",
    does="Catch the failure and tell the user; after a timeout the effect may have landed, so find out before it is tried again, "
    "and send an idempotency key with what writes.",
    fits=_fits,
    at=lambda case: case.at_exception or case.at_tool,
    reach="function",
    order=15,
    write=_caught,
)
