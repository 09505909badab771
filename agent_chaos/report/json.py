"""The report programs read: one JSON document, written whole when everything is done."""

from __future__ import annotations

from pathlib import Path

from agent_chaos.report.at_the_end import CampaignsReporter
from agent_chaos.report.document import Document
from agent_chaos.report.output import Output
from agent_chaos.report.reporter import Reporter, ReportFormat, View


class JsonReporter(CampaignsReporter):
    def _text(self, document: Document) -> str:
        return document.to_json()


def _opens(file: Path | None, view: View) -> Reporter:
    return JsonReporter(Output(file))


REPORTER = ReportFormat(name="json", does="the campaigns as one JSON document", opens=_opens)
