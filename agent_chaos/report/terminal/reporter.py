"""The report people read: a live line while a search runs, then what to fix first, then the figures in one line."""

from __future__ import annotations

from pathlib import Path
from typing import assert_never

from rich.console import Console, RenderableType
from rich.text import Text

from agent_chaos.report.console import console, print_error, put
from agent_chaos.report.contents import figures
from agent_chaos.report.document import CampaignRecord
from agent_chaos.report.event import (
    Ended,
    Failed,
    Planned,
    Ran,
    Recorded,
    Replayed,
    ReportEvent,
    Said,
    SearchEnded,
    Searching,
    SearchStarted,
    Shrunk,
    Started,
)
from agent_chaos.report.printable import count, printable
from agent_chaos.report.reporter import USUAL, Reporter, ReportFormat, View
from agent_chaos.report.terminal import run_view
from agent_chaos.report.terminal.campaign_view import campaign_view, findings_table, how_to_see_more
from agent_chaos.report.terminal.live import Live

_TONES = {"plain": "", "quiet": "dim", "warning": "yellow"}


class TerminalReporter:
    """Writes to a console; animates only on a terminal."""

    def __init__(self, out: Console, view: View = USUAL) -> None:
        self._out = out
        self._view = view
        self._live = Live(out, view)
        self._campaigns: list[CampaignRecord] = []
        self._items = 1
        self._compares = False

    def tell(self, event: ReportEvent) -> None:
        match event:
            case Started():
                self._items = event.items
                self._compares = event.command == "compare"
            case SearchStarted():
                self._live.start(event)
            case Searching():
                self._live.progress(event)
            case SearchEnded():
                self._searched(event.campaign)
            case Ran() | Planned() | Replayed() | Shrunk() | Recorded():
                for part in run_view.run_view(event, self._out.width):
                    put(self._out, part)
            case Failed():
                self._live.stop()
                named = not event.name or event.error.startswith(event.name)
                print_error(event.error if named else f"{event.name}: {event.error}")
            case Said():
                self._say(Text(printable(event.text), _TONES[event.tone]))
            case Ended():
                self._end(event)
            case _:
                assert_never(event)

    def _searched(self, campaign: CampaignRecord) -> None:
        self._live.stop()
        self._campaigns.append(campaign)
        for part in campaign_view(campaign, self._view, self._out.width, brief=self._items > 1):
            put(self._out, part)

    def _end(self, event: Ended) -> None:
        self._live.stop()
        style = "bold red" if event.exit_code else "bold"
        # Versions of one agent stand in the table of the comparison.
        if len(self._campaigns) > 1 and not self._compares:
            for part in self._total():
                put(self._out, part)
            self._say(Text(figures.total(self._campaigns), style))
        if event.text:
            self._say(Text(printable(event.text), style))

    def _total(self) -> list[RenderableType]:
        """All findings of all scenarios in one table."""
        heading = Text(count(len(self._campaigns), "scenario"), "bold")
        found = [finding for campaign in self._campaigns for finding in campaign.findings]
        more = [how_to_see_more(found[0])] if found else []
        return [Text(), findings_table(self._campaigns), *more, Text(), heading]

    def _say(self, text: Text) -> None:
        self._out.print(text, soft_wrap=True)


def _opens(file: Path | None, view: View) -> Reporter:
    return TerminalReporter(console(), view)


REPORTER = ReportFormat(name="terminal", does="for people, on stdout", opens=_opens)
