"""The agent's own retry does not wait as long as it should."""

from __future__ import annotations

from collections.abc import Sequence

from agent_chaos.report.remedies.case import Case
from agent_chaos.report.remedies.remedy import Remedy
from agent_chaos.report.remedies.requests.tenacity_retry import WAITING, retried_by_tenacity

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


_ERRORS = {
    "anthropic_messages": "anthropic.APIStatusError",
    "openai_chat": "openai.APIStatusError",
    "openai_responses": "openai.APIStatusError",
    "gemini": "genai.errors.APIError",
}


def _by_tenacity(cases: Sequence[Case]) -> str:
    return WAITING if cases[0].protocol in _ERRORS and retried_by_tenacity(cases[0]) else ""


REMEDY = Remedy(
    name="ordered_wait",
    headline="A retry does not wait as long as the provider says",
    does="Wait between attempts: as long as the provider says, else longer each time; or leave retries to the client.",
    fits=_fits,
    at=lambda case: case.at_call,
    order=19,
    write=_by_tenacity,
    code={protocol: _CODE.format(error=error) for protocol, error in _ERRORS.items()},
)
