"""Collects campaigns, and writes them as one page at the end."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from agent_chaos.errors import UsageError
from agent_chaos.report.at_the_end import CampaignsReporter
from agent_chaos.report.document import Document
from agent_chaos.report.output import Output
from agent_chaos.report.reporter import Reporter, ReportFormat, View


class HtmlReporter(CampaignsReporter):
    def _text(self, document: Document) -> str:
        # Jinja comes with an extra, and nobody else needs it.
        from agent_chaos.report.html.page import page

        return page(document.campaigns, document.stopped)


def _opens(file: Path | None, view: View) -> Reporter:
    if importlib.util.find_spec("jinja2") is None:
        raise UsageError('--report html: the page needs jinja2; pip install "agent-chaos[ui]"')
    return HtmlReporter(Output(file))


REPORTER = ReportFormat(name="html", does="one HTML file that opens from disk", opens=_opens)
