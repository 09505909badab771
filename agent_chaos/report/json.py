"""The report programs read: one JSON document, written whole when everything is done."""

from __future__ import annotations

from pathlib import Path

from agent_chaos.report.document import CampaignRecord, Document, Stopped
from agent_chaos.report.event import Ended, Failed, ReportEvent, SearchEnded
from agent_chaos.report.output import Output
from agent_chaos.report.reporter import Reporter, ReportFormat, View


class JsonReporter:
    """Collects campaigns and writes them at the end."""

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
                document = Document(
                    exit_code=event.exit_code,
                    campaigns=tuple(self._campaigns),
                    stopped=tuple(self._stopped),
                )
                self._out.write(document.to_json())
            case _:
                pass


def _opens(file: Path | None, view: View) -> Reporter:
    return JsonReporter(Output(file))


REPORTER = ReportFormat(name="json", does="the campaigns as one JSON document", opens=_opens)
