"""`agent-chaos show`: a failure in full, as the campaign that found it saw it; without a name what to fix first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pydantic import ValidationError

from agent_chaos.commands.failures import failure_store
from agent_chaos.commands.replay import replay
from agent_chaos.errors import ExitCode, UsageError
from agent_chaos.files import from_json_text
from agent_chaos.report.console import console, put
from agent_chaos.report.document import CampaignRecord, Document, FailureRecord, FindingRecord
from agent_chaos.report.printable import count
from agent_chaos.report.terminal.campaign_view import findings_table
from agent_chaos.report.terminal.finding_view import finding_view
from agent_chaos.scenario.folders import RUNS


def show(names: Sequence[str], *, full: bool = False) -> int:
    """Shows what is named, or the findings of the latest campaign of every scenario, a line each or in `full`.

    A failure that no campaign here has found, as one that was checked in, is run again. Raises UsageError for what is no
    failure.
    """
    if not names:
        return _overview(full=full)
    for name in names:
        if name.isdecimal():
            _numbered(int(name))
            continue
        if not (failure_store.is_name(name) or failure_store.is_undecided_name(name)):
            raise UsageError(
                f"{name}: no failure; name one by its id, as F-7Q2K, or a finding of the latest campaign by its number"
            )
        found = _found(name)
        if found is None:
            replay([name], allow_real_tools=False, command="show")
        else:
            _print(*found)
    return ExitCode.OK


def _numbered(number: int) -> None:
    """Prints a finding of the latest campaign by its number. Raises UsageError where there is none of that number."""
    campaign = next(_campaigns(), None)
    if campaign is None:
        raise UsageError(f"no campaign is kept in {RUNS}/; agent-chaos fuzz makes one")
    finding = next((one for one in campaign.findings if one.number == number), None)
    if finding is None:
        found = count(len(campaign.findings), "finding")
        raise UsageError(f"{number}: the latest campaign, of {campaign.scenario}, has {found}")
    _print_whole(campaign, finding)


def _print_whole(campaign: CampaignRecord, finding: FindingRecord) -> None:
    out = console()
    for part in finding_view(finding, campaign.of(finding), out.width):
        put(out, part)


def _overview(*, full: bool) -> int:
    latest: dict[str, CampaignRecord] = {}
    for campaign in _campaigns():
        # They come latest first, so that the first of a scenario stays.
        latest.setdefault(campaign.scenario, campaign)
    if not latest:
        raise UsageError(f"no campaign is kept in {RUNS}/; agent-chaos fuzz makes one")
    if not full:
        put(console(), findings_table(list(latest.values())))
        return ExitCode.OK
    for campaign in latest.values():
        for finding in campaign.findings:
            _print_whole(campaign, finding)
    return ExitCode.OK


def _print(campaign: CampaignRecord, failure: FailureRecord) -> None:
    out = console()
    finding = next(one for one in campaign.findings if failure.failure.id in one.failures)
    alone = finding.model_copy(
        update={"failures": (failure.failure.id,), "location": failure.location or finding.location}
    )
    for part in finding_view(alone, (failure,), out.width):
        put(out, part)


def _found(name: str) -> tuple[CampaignRecord, FailureRecord] | None:
    """The latest campaign that found a failure, and what it saw."""
    for campaign in _campaigns():
        for one in campaign.failures:
            if one.failure.id == name.upper():
                return campaign, one
    return None


def _campaigns() -> Iterator[CampaignRecord]:
    """The campaigns that are kept here, latest first; those of other versions are passed over."""
    for file in sorted(RUNS.glob("*/campaign.json"), reverse=True):
        try:
            yield from from_json_text(Document, file.read_bytes()).campaigns
        # Campaigns are kept for a look back, and none of another version, or half written, keeps the others
        # from being shown.
        except (OSError, ValidationError):
            continue
