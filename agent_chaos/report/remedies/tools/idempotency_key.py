"""An effect happens twice, or nobody knows whether it happened."""

from __future__ import annotations

from agent_chaos.report.remedies.case import Case
from agent_chaos.report.remedies.remedy import Remedy


def _fits(case: Case) -> bool:
    return case.violation.oracle == "duplicate_side_effect"


REMEDY = Remedy(
    name="idempotency_key",
    headline="A side effect can happen twice",
    does="Send what writes an idempotency key that stays the same over retries of the turn, or look whether it landed.",
    fits=_fits,
    at=lambda case: case.at_tool or case.at_call,
    order=10,
    code={
        "": 'asked = json.dumps(arguments, sort_keys=True)\nkey = f"{conversation_id}:{name}:{asked}"\n'
        "if key in done:\n"
        "    return done[key]"
    },
)
