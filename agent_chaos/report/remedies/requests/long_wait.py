"""A retry waits for hours, since the provider says so."""

from __future__ import annotations

from agent_chaos.report.remedies.case import Case
from agent_chaos.report.remedies.remedy import Remedy

_CODE = """for attempt in range(3):
    try:
        ...  # with a client that has max_retries=0
        break
    except {error} as exc:
        told = exc.response.headers.get("retry-after", "")
        wait = int(told) if told.isdigit() else 2**attempt
        if wait > 60 or exc.status_code not in (408, 409, 429, 529):
            raise
        $sleep(wait)"""


def _fits(case: Case) -> bool:
    return case.violation.oracle == "termination" and case.violation.subject == "retry-after"


REMEDY = Remedy(
    name="long_wait",
    headline="A retry waits as long as the provider says, be it hours",
    does="Give up where retry-after asks for more than a user would wait: retry in the agent, not in the client, or give the "
    "turn a deadline of its own.",
    fits=_fits,
    at=lambda case: case.at_call,
    reach="agent",
    order=9,
    code={
        "anthropic_messages": _CODE.format(error="anthropic.APIStatusError"),
        "openai_chat": _CODE.format(error="openai.APIStatusError"),
        "openai_responses": _CODE.format(error="openai.APIStatusError"),
    },
)
