"""A retry waits for hours, since the provider says so."""

from __future__ import annotations

from agent_chaos.report.remedies.case import Case
from agent_chaos.report.remedies.remedy import Remedy

_CODE = """$def give_up(response):
    told = response.headers.get("retry-after", "")
    if told == "inf" or told.isdigit() and int(told) > 60:
        response.headers["x-should-retry"] = "false"


hooks = {{"response": [give_up]}}
http = {package}.Default$AsyncHttpxClient(event_hooks=hooks)
$client = $made(http_client=http)"""


def _fits(case: Case) -> bool:
    return case.violation.oracle == "termination" and case.violation.subject == "retry-after"


REMEDY = Remedy(
    name="long_wait",
    headline="A retry waits as long as the provider says, be it hours",
    does="Give up where retry-after asks for more than a user would wait: the client does not retry a reply that says "
    "`x-should-retry: false`.",
    fits=_fits,
    at=lambda case: case.at_call,
    reach="agent",
    order=9,
    code={
        "anthropic_messages": _CODE.format(package="anthropic"),
        "openai_chat": _CODE.format(package="openai"),
        "openai_responses": _CODE.format(package="openai"),
    },
)
