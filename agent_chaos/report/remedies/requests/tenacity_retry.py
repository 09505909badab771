"""Retries that tenacity makes: which errors it tries again, and how long it waits. Source: https://tenacity.readthedocs.io/."""

from __future__ import annotations

from agent_chaos.report.agent_source.own_names import packages_of
from agent_chaos.report.remedies.case import Case

PASSING = """from tenacity import retry, retry_if_exception

def passes(exc):
    if isinstance(exc, {package}.APIStatusError):
        status = exc.status_code
        return status >= 500 or status in (408, 409, 429)
    return isinstance(exc, {package}.APIConnectionError)

@retry(..., retry=retry_if_exception(passes))"""
"""Tries again only what may pass by itself; `{package}` is the client's."""
WAITING = """from tenacity import retry

def as_told(state):
    exc = state.outcome.exception()
    response = getattr(exc, "response", None)
    told = response.headers.get("retry-after", "") if response else ""
    return float(told) if told.isdigit() else 2**state.attempt_number

@retry(..., wait=as_told)"""
"""Waits as long as the provider says."""


def retried_by_tenacity(case: Case) -> bool:
    """Whether the file that asks the model has its retries made by tenacity."""
    return "tenacity" in packages_of(case.at_call)
