"""What the client library raises for a broken reply escapes from the agent."""

from __future__ import annotations

from agent_chaos.report.remedies.remedy import Case, Remedy


def _fits(case: Case) -> bool:
    return case.violation.oracle == "unhandled_exception" and case.from_library


_WHOLE = """try:
    {call}
except Exception as exc:  # also what is no {sdk} error
    raise ModelUnavailable(str(exc)) from exc"""

REMEDY = Remedy(
    name="guard_call",
    headline="A broken reply comes out of the client library as an error that nobody expects",
    does="Catch every exception around the call and the reading of its reply, and raise one error of your own.",
    fits=_fits,
    at=lambda case: case.at_call or case.at_exception,
    order=60,
    code={
        "anthropic_messages": _WHOLE.format(call="message = ...", sdk="anthropic.APIError"),
        "openai_chat": _WHOLE.format(call="completion = ...", sdk="openai.APIError"),
        "openai_responses": _WHOLE.format(call="response = ...", sdk="openai.APIError"),
        "gemini": _WHOLE.format(call="response = ...", sdk="google.genai.errors.APIError"),
    },
)
