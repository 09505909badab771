"""What the client library raises for a failed or broken reply escapes from the agent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from agent_chaos.oracles.termination import longest_wait
from agent_chaos.report.remedies.case import Case
from agent_chaos.report.remedies.limited_client import LIMITED_CLIENT
from agent_chaos.report.remedies.remedy import Remedy


def _fits(case: Case) -> bool:
    return case.violation.oracle == "unhandled_exception" and case.from_library


_TOO_LONG_S = 60.0
"""From here on a second attempt would come too late for the turn."""


def _waits_less(cases: Sequence[Case]) -> Mapping[str, str]:
    """A client with a timeout, where one of the failures waited for a reply as long as the client does by default."""
    waits = (longest_wait(case.trace) for case in cases)
    if not any(wait is not None and wait.why == "transfer" and wait.seconds > _TOO_LONG_S for wait in waits):
        return {}
    said = "# else a reply that stalls takes all the time there is\n"
    return {protocol: f"{said}{code}\n" for protocol, code in LIMITED_CLIENT.items()}


_CODE = """for attempt in range(3):
    try:
        {does}
        break
    except Exception as exc:  # not only {error}
        failed = exc
        $sleep(2**attempt)
else:
    raise RuntimeError(f"no usable reply: {{failed}}")"""
_ERRORS = {
    "anthropic_messages": "anthropic.APIError",
    "openai_chat": "openai.APIError",
    "openai_responses": "openai.APIError",
    "gemini": "genai.errors.APIError",
    "bedrock_converse": "ClientError",
}


def _code(does: str) -> dict[str, str]:
    return {protocol: _CODE.format(does=does, error=error) for protocol, error in _ERRORS.items()}


REMEDY = Remedy(
    name="guard_call",
    headline="What the client library raises for a bad reply ends the turn",
    does="Catch every exception around the call and the reading of its reply, ask again where no tool has run since, and "
    "raise an error of your own if that does not help.",
    fits=_fits,
    at=lambda case: case.at_call or case.at_exception,
    order=60,
    first=_waits_less,
    code=_code("...") | {"": _CODE.format(does="...", error="the client's own")},
    events=_code("...  # the call, and all that reads its stream"),
    turn="""try:
    ...
except Exception as exc:  # not only the client's own
    # no second try here: it would run the tools again
    raise RuntimeError(f"no usable reply: {exc}") from exc""",
)
