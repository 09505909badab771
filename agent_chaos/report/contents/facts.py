"""What a campaign ends with in every report: what held, the score, what was covered, and what could not be judged."""

from __future__ import annotations

from collections.abc import Iterator

from agent_chaos.report.contents import figures
from agent_chaos.report.document import CampaignRecord
from agent_chaos.report.printable import printable


def facts(campaign: CampaignRecord, *, everything: bool) -> Iterator[tuple[str, str]]:
    """A label and its lines, only of what there is something to say; `everything` also lists every kind of fault."""
    # Everything that could be said stands in one list, so that its order is seen at once; what is empty
    # goes here.
    return ((label, text) for label, text in _facts(campaign, everything=everything) if text)


def _facts(campaign: CampaignRecord, *, everything: bool) -> Iterator[tuple[str, str]]:
    yield (
        "Interrupted",
        "the figures are of the part that ran; 'fuzz --resume' goes on" if campaign.interrupted else "",
    )
    yield "Harness", printable(campaign.first_error)
    yield "Accepted", figures.accepted_lines(campaign.accepted)
    yield "Not counted", "\n".join(figures.left_over_lines(campaign.left_over))
    yield "Expired", figures.expired(campaign.expired)
    yield "Held", figures.survived_lines(campaign.held, everything=everything)
    yield "Score", figures.score_line(campaign.score)
    yield from _searched(campaign, everything=everything)
    yield "Warnings", "\n".join(figures.warnings(campaign.warnings))
    undecided = figures.undecided_lines(campaign.undecided_reasons, campaign.undecided_plans)
    yield "Undecided", "\n".join(undecided)
    yield "Not tested", "\n".join(figures.not_tested_lines(campaign.not_tested_reasons))
    yield "Noticed", "\n".join(printable(note) for note in campaign.notes)


def _searched(campaign: CampaignRecord, *, everything: bool) -> Iterator[tuple[str, str]]:
    numbers = campaign.figures
    yield "Ended", figures.ended(numbers, campaign.ended)
    yield "Covered", figures.space(numbers)
    yield "Not run", figures.not_run(numbers) if campaign.until_covered else ""
    yield "Fired", figures.fired(numbers) if everything else ""
    yield "No site", figures.no_site(numbers) if everything else ""
    yield "Also run", figures.other_runs(numbers)
