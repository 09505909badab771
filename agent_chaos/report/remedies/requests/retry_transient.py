"""An error that passes by itself is not retried, or in the wrong way."""

from __future__ import annotations

from agent_chaos.report.remedies.case import Case
from agent_chaos.report.remedies.remedy import Remedy


def _fits(case: Case) -> bool:
    return case.violation.oracle in ("retry_discipline", "transparent_outcome")


REMEDY = Remedy(
    name="retry_transient",
    headline="Errors that pass by themselves are not retried as the provider asks",
    does="Let the client retry what passes by itself (408, 409, 429, 5xx, lost connections), a few times, and wait as "
    "long as the provider says.",
    fits=_fits,
    at=lambda case: case.at_call,
    order=20,
    code={
        "anthropic_messages": "$client = $made(max_retries=3)",
        "openai_chat": "$client = $made(max_retries=3)",
        "openai_responses": "$client = $made(max_retries=3)",
        "gemini": "retry = types.HttpRetryOptions(attempts=4)\n"
        "options = types.HttpOptions(retry_options=retry)\n"
        "$client = $made(http_options=options)",
    },
)
