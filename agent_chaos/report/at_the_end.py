"""Reporters that collect what happens, and write one text when everything is done."""

from __future__ import annotations

from abc import ABC, abstractmethod

from agent_chaos.report.document import CampaignRecord, Document, Stopped
from agent_chaos.report.event import Ended, Failed, ReportEvent, SearchEnded
from agent_chaos.report.output import Output
from agent_chaos.report.result import Result, result_of


class CampaignsReporter(ABC):
    """Collects campaigns, and the scenarios that were stopped by an error."""

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
                self._out.write(self._text(document))
            case _:
                pass

    @abstractmethod
    def _text(self, document: Document) -> str:
        """The whole report, ending in a newline."""


class ResultsReporter(ABC):
    """Collects a result of each scenario, stored failure or run."""

    def __init__(self, out: Output) -> None:
        self._out = out
        self._results: list[Result] = []

    def tell(self, event: ReportEvent) -> None:
        if (found := result_of(event)) is not None:
            self._results.append(found)
        if isinstance(event, Ended):
            self._out.write(self._text(self._results, event.exit_code))

    @abstractmethod
    def _text(self, results: list[Result], exit_code: int) -> str:
        """The whole report, ending in a newline."""
