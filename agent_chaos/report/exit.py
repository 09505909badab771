"""Exit codes: of one campaign, and of a command over many scenarios."""

from __future__ import annotations

from collections.abc import Iterable

from agent_chaos.errors import ExitCode
from agent_chaos.search.campaign import Campaign

_WORST_FIRST = (
    ExitCode.INTERRUPTED,
    ExitCode.USAGE,
    ExitCode.BROKEN,
    ExitCode.FAILED,
    ExitCode.UNSTABLE,
    ExitCode.NOTHING_JUDGED,
)


def exit_code(campaign: Campaign) -> ExitCode:
    """130 interrupted, 5 harness error, 1 a failure was found that is not accepted, 3 no example with a fired fault was
    judged, else 0.
    """
    figures = campaign.figures
    if campaign.interrupted:
        return ExitCode.INTERRUPTED
    if figures.errors or campaign.first_error:
        return ExitCode.BROKEN
    # Failures without a finding were all accepted, or caused by earlier runs of this process; else they count.
    if campaign.findings or (figures.failures and not (campaign.accepted or campaign.left_over)):
        return ExitCode.FAILED
    return ExitCode.OK if figures.ok or figures.failures else ExitCode.NOTHING_JUDGED


def combined(codes: Iterable[int]) -> ExitCode:
    """The code of a command over several scenarios: 2 > 5 > 1 > 4 > 3 > 0, and 130 above all."""
    seen = set(codes)
    return next((code for code in _WORST_FIRST if code in seen), ExitCode.OK)
