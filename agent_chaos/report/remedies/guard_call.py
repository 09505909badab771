"""What the client library raises for a failed or broken reply escapes from the agent."""

from __future__ import annotations

from agent_chaos.report.remedies.remedy import Case, Remedy


def _fits(case: Case) -> bool:
    return case.violation.oracle == "unhandled_exception" and case.from_library


_CODE = """for attempt in range(3):
    try:
        {reply} = ...
        break
    except Exception as exc:  # not only {error}
        failed = exc
else:
    raise ModelUnavailable(str(failed))"""

REMEDY = Remedy(
    name="guard_call",
    headline="What the client library raises for a bad reply ends the turn",
    does="Catch every exception around the call and the reading of its reply, ask again, and raise an error of your own "
    "if that does not help.",
    fits=_fits,
    at=lambda case: case.at_call or case.at_exception,
    order=60,
    code={
        "anthropic_messages": _CODE.format(reply="message", error="anthropic.APIError"),
        "openai_chat": _CODE.format(reply="completion", error="openai.APIError"),
        "openai_responses": _CODE.format(reply="response", error="openai.APIError"),
        "gemini": _CODE.format(reply="response", error="google.genai.errors.APIError"),
    },
)
