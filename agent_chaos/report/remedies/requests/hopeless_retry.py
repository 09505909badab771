"""A refusal that no retry changes is asked again."""

from __future__ import annotations

import re
from collections.abc import Sequence

from agent_chaos.report.remedies.case import Case
from agent_chaos.report.remedies.remedy import Remedy
from agent_chaos.report.remedies.requests.tenacity_retry import PASSING, retried_by_tenacity

_CODE = """try:
    ...
except {error} as exc:  # where it is asked again
    status = exc.{status}
    if status < 500 and status not in (408, 409, 429):
        raise"""


_BY_CODE = """try:
    ...
except {error} as exc:  # where it is asked again
    if "{code}" in str(exc):
        raise  # to wait does not help"""
_CODE_IN = re.compile(r'"(?:error_)?code"\s*:\s*"(\w+)"')
_ERRORS = {
    "anthropic_messages": "anthropic.APIStatusError",
    "openai_chat": "openai.APIStatusError",
    "openai_responses": "openai.APIStatusError",
}


def _fits(case: Case) -> bool:
    return case.violation.oracle == "retry_discipline" and case.violation.subject == "hopeless retry"


def _told_apart(cases: Sequence[Case]) -> str:
    """The lines for a refusal whose status is that of a rate limit, which only its own code tells apart, and those for
    tenacity; '' for others."""
    case = cases[0]
    code = next((found for one in cases if (found := _code_of(one))), "")
    error = _ERRORS.get(case.protocol, "")
    if not code and error and retried_by_tenacity(case):
        return PASSING.format(package=error.partition(".")[0])
    return _BY_CODE.format(error=error, code=code) if code and error else ""


def _code_of(case: Case) -> str:
    call = case.call
    if call is None or call.reply is None or call.reply.status not in (408, 409, 429):
        return ""
    found = _CODE_IN.search(call.reply.body.decode("utf-8", "replace"))
    return found[1] if found else ""


REMEDY = Remedy(
    name="hopeless_retry",
    headline="A request that the provider refused for good is sent again",
    does="",
    fits=_fits,
    at=lambda case: case.at_call,
    order=19,
    write=_told_apart,
    code={
        "anthropic_messages": _CODE.format(error="anthropic.APIStatusError", status="status_code"),
        "openai_chat": _CODE.format(error="openai.APIStatusError", status="status_code"),
        "openai_responses": _CODE.format(error="openai.APIStatusError", status="status_code"),
        "gemini": _CODE.format(error="genai.errors.APIError", status="code"),
    },
)
