"""Collects campaigns, and writes them as one page at the end."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from agent_chaos.errors import UsageError
from agent_chaos.report.document import CampaignRecord, Stopped
from agent_chaos.report.event import Ended, Failed, ReportEvent, SearchEnded
from agent_chaos.report.output import Output
from agent_chaos.report.reporter import Reporter, ReportFormat, View


class HtmlReporter:
    """Writes the page when everything is done."""

    def __init__(self, out: Output) -> None:
        self._out = out
        self._campaigns: list[CampaignRecord] = []
        self._stopped: list[Stopped] = []

    def tell(self, event: ReportEvent) -> None:
        match event:
            case SearchEnded():
                self._campaigns.append(event.campaign)
            case Failed():
                stopped = Stopped(scenario=event.name, error=event.error, exit_code=event.exit_code)
                self._stopped.append(stopped)
            case Ended():
                # Jinja comes with an extra, and nobody else needs it.
                from agent_chaos.report.html.page import page

                self._out.write(page(self._campaigns, self._stopped))
            case _:
                pass


def _opens(file: Path | None, view: View) -> Reporter:
    if importlib.util.find_spec("jinja2") is None:
        raise UsageError('--report html: the page needs jinja2; pip install "agent-chaos[ui]"')
    return HtmlReporter(Output(file))


REPORTER = ReportFormat(name="html", does="one HTML file that opens from disk", opens=_opens)
