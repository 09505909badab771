"""A refusal that no retry changes is asked again."""

from __future__ import annotations

from agent_chaos.report.remedies.case import Case
from agent_chaos.report.remedies.remedy import Remedy

_CODE = """try:
    ...
except {error} as exc:
    status = exc.{status}
    if status < 500 and status not in (408, 409, 429):
        raise"""


def _fits(case: Case) -> bool:
    return case.violation.oracle == "retry_discipline" and case.violation.subject == "hopeless retry"


REMEDY = Remedy(
    name="hopeless_retry",
    headline="A request that the provider refused for good is sent again",
    does="",
    fits=_fits,
    at=lambda case: case.at_call,
    order=19,
    code={
        "anthropic_messages": _CODE.format(error="anthropic.APIStatusError", status="status_code"),
        "openai_chat": _CODE.format(error="openai.APIStatusError", status="status_code"),
        "openai_responses": _CODE.format(error="openai.APIStatusError", status="status_code"),
        "gemini": _CODE.format(error="genai.errors.APIError", status="code"),
    },
)
