"""The agent's own retry does not wait as long as it should."""

from __future__ import annotations

from agent_chaos.report.remedies.case import Case
from agent_chaos.report.remedies.remedy import Remedy

_CODE = """for attempt in range(4):
    try:
        ...
        break
    except {error} as exc:
        if attempt == 3:
            raise
        told = exc.response.headers.get("retry-after", "")
        wait = float(told) if told.isdigit() else 2**attempt
        $sleep(wait)"""


def _fits(case: Case) -> bool:
    return case.violation.oracle == "retry_discipline" and case.violation.subject in (
        "retry-after ignored",
        "no back-off",
    )


def _code(error: str) -> str:
    return _CODE.format(error=error)


REMEDY = Remedy(
    name="ordered_wait",
    headline="A retry does not wait as long as the provider says",
    does="Wait between attempts: as long as the provider says, else longer each time; or leave retries to the client.",
    fits=_fits,
    at=lambda case: case.at_call,
    order=19,
    code={
        "anthropic_messages": _code("anthropic.APIStatusError"),
        "openai_chat": _code("openai.APIStatusError"),
        "openai_responses": _code("openai.APIStatusError"),
        "gemini": _code("genai.errors.APIError"),
    },
)
