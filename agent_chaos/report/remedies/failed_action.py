"""What the agent does with the model's words fails, and takes the turn with it."""

from __future__ import annotations

from agent_chaos.report.remedies.remedy import Case, Remedy


def _fits(case: Case) -> bool:
    return case.violation.oracle == "unhandled_exception" and case.acts_on_words and case.runs_tools


REMEDY = Remedy(
    name="failed_action",
    headline="What is done with a reply fails, and takes the whole turn with it",
    does="Catch the failure and tell the user; after a timeout the effect may have landed, so find out before it is tried again, "
    "and send an idempotency key with what writes.",
    fits=_fits,
    at=lambda case: case.at_exception or case.at_tool,
    reach="function",
    order=15,
    code={
        "": "try:\n"
        "    done = ...  # what is done with the reply\n"
        "except Exception as exc:\n"
        '    done = f"not confirmed ({exc}); check before you try again"'
    },
)
