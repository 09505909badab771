"""A campaign for people: the verdict, what to fix first, what held, and the figures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from agent_chaos.report.contents.facts import facts
from agent_chaos.report.document import CampaignRecord, FindingRecord
from agent_chaos.report.printable import count, printable
from agent_chaos.report.reporter import View
from agent_chaos.report.terminal.coverage import covered
from agent_chaos.report.terminal.finding_view import finding_view, line

_VERDICTS = {
    0: ("PASS", "bold green"),
    1: ("FAIL", "bold red"),
    3: ("NOT JUDGED", "bold yellow"),
    5: ("HARNESS ERROR", "bold red"),
    130: ("INTERRUPTED", "bold yellow"),
}
_IN_FULL = 3
"""How many findings are shown in full; of the others a line each."""


def campaign_view(
    campaign: CampaignRecord, asked: View, width: int, *, brief: bool
) -> Iterator[RenderableType]:
    """The parts of the report, top to bottom; a `brief` one stands among several and shows a line for each finding."""
    yield _verdict(campaign)
    shown = len(campaign.findings) if asked.full else 0 if brief or asked.verbosity < 0 else _IN_FULL
    if campaign.findings and not (brief or asked.full):
        yield how_to_see_more(campaign.findings[0])
    for finding in campaign.findings[:shown]:
        yield from finding_view(finding, campaign.of(finding), width)
    if rest := campaign.findings[shown:]:
        yield Text()
        yield _lines(rest)
    if not brief and asked.verbosity >= 0:
        yield Text()
        if asked.coverage:
            yield covered(campaign.coverage)
            yield Text()
        yield _ending(campaign, asked)
    if campaign.conclusion:
        yield Text(campaign.conclusion, "bold")
    yield _summary(campaign)


def how_to_see_more(finding: FindingRecord) -> Text:
    """The commands that show one finding, and every one."""
    return Text(f"  any in full: agent-chaos show {finding.failures[0]}; all: agent-chaos show --full", "dim")


def findings_table(campaigns: Sequence[CampaignRecord]) -> Table:
    """The findings of several scenarios, each scenario's in its own order, the first of all before the second ones."""
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    rows = sorted(
        ((finding, campaign) for campaign in campaigns for finding in campaign.findings),
        # By weight over all scenarios: a number says only what is first within one.
        key=lambda row: (-row[0].weight, row[0].number),
    )
    for finding, campaign in rows:
        first, told = line(finding)
        table.add_row(first, printable(campaign.scenario), told)
    return table


def _verdict(campaign: CampaignRecord) -> Text:
    word, style = _VERDICTS[campaign.exit_code]
    figure = campaign.figures
    found = f"{count(len(campaign.findings), 'finding')} in " if campaign.findings else ""
    told = f"{found}{count(figure.examples, 'example')}, {figure.seconds:.1f} s, seed {campaign.seed}"
    return Text.assemble((printable(campaign.scenario), "bold"), "  ", (word, style), f"  {told}")


def _lines(findings: Sequence[FindingRecord]) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for finding in findings:
        table.add_row(*line(finding))
    return table


def _summary(campaign: CampaignRecord) -> Text:
    failed = campaign.exit_code in (1, 5)
    return Text(campaign.summary, "bold red" if failed else "bold", no_wrap=True, overflow="ignore")


def _ending(campaign: CampaignRecord, asked: View) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True, style="dim")
    table.add_column(overflow="fold")
    for label, text in facts(campaign, everything=asked.verbosity > 0):
        table.add_row(label, Text(text))
    return table
