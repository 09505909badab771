"""Exit codes: of one campaign, and of a command over many scenarios."""

from __future__ import annotations

from collections.abc import Iterable

from agent_chaos.search.campaign import Campaign

OK, FAILED, USAGE, NOT_JUDGED, UNSTABLE, HARNESS, INTERRUPTED = 0, 1, 2, 3, 4, 5, 130

_WORST_FIRST = (INTERRUPTED, USAGE, HARNESS, FAILED, UNSTABLE, NOT_JUDGED)


def exit_code(campaign: Campaign) -> int:
    """130 interrupted, 5 harness error, 1 a failure was found that is not accepted, 3 no example with a fired fault was
    judged, else 0.
    """
    figures = campaign.figures
    if campaign.interrupted:
        return INTERRUPTED
    if figures.errors or campaign.first_error:
        return HARNESS
    if campaign.findings or (figures.failures and not campaign.accepted):
        return FAILED
    return OK if figures.ok or figures.failures else NOT_JUDGED


def combined(codes: Iterable[int]) -> int:
    """The code of a command over several scenarios: 2 > 5 > 1 > 4 > 3 > 0, and 130 above all."""
    seen = set(codes)
    return next((code for code in _WORST_FIRST if code in seen), OK)
