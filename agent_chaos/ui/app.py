"""The pages: a dashboard, a run, a campaign, and those about cassettes."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from agent_chaos.providers.json_values import loaded
from agent_chaos.report.contents.wire_words import EFFECTS
from agent_chaos.report.document import Score
from agent_chaos.report.html.page import template_environment
from agent_chaos.report.printable import day
from agent_chaos.ui import conversation
from agent_chaos.ui.cassette_pages import CassettePages
from agent_chaos.ui.compared import compared
from agent_chaos.ui.dashboard import COLUMNS, GROUPS, RunFilter, filtered_runs, grouped, totals
from agent_chaos.ui.guard import Guard
from agent_chaos.ui.runs import CHAOS_TYPES, MOST_RUNS, Folder
from agent_chaos.ui.trend import trends

_HERE = Path(__file__).parent
_STARTED = re.compile(r"(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)(?!\d)")


def pages(runs_dir: Path, cassettes: Path, *, host: str, port: int, token: str) -> Starlette:
    """The application for a folder of runs and one of cassettes; `host`, `port` and `token` as `Guard` takes them."""
    site = _Site(Folder(runs_dir))
    return Starlette(
        routes=[
            Route("/", site.dashboard),
            Route("/runs/{batch}/{name}", site.run),
            Route("/campaigns/{batch}", site.campaign),
            *CassettePages(cassettes, site.page).routes(),
            Mount(
                "/static",
                StaticFiles(directory=_HERE / "static", packages=[("agent_chaos.report.html", "static")]),
            ),
        ],
        middleware=[Middleware(Guard, host=host, port=port, token=token)],
        exception_handlers={404: site.missing},
    )


class _Site:
    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._templates = template_environment("agent_chaos.ui")
        self._templates.globals.update(folder=str(folder.root), compared=compared, effects=EFFECTS)
        self._templates.filters.update(when=_when, percent=_percent, day=day, pretty=_pretty)

    def dashboard(self, request: Request) -> Response:
        asked, batches = RunFilter.of(request.query_params), self._folder.batches()
        runs = self._folder.runs({asked.batch: batches[asked.batch]} if asked.batch in batches else batches)
        campaigns = self._folder.campaigns()
        # Of everything that the page could show, whatever is filtered: the page asks every few seconds
        # whether anything is new.
        seen = hashlib.sha256(repr((runs, campaigns)).encode()).hexdigest()[:16]
        if request.query_params.get("seen") == seen:
            return Response(status_code=204)  # nothing is swapped, so what is open or focused stays so
        shown = filtered_runs(runs, asked)
        return self.page(
            "dashboard.html",
            asked=asked,
            seen=seen,
            groups=grouped(shown, asked),
            totals=totals(shown),
            every=sum(map(len, batches.values())),
            most=MOST_RUNS if len(runs) == MOST_RUNS else 0,
            campaigns=trends(campaigns),
            columns=COLUMNS,
            choices={
                "result": (
                    "pass",
                    "fail",
                    *sorted({run.verdict for run in runs if run.verdict} - {"PASS", "FAIL"}),
                ),
                "chaos": CHAOS_TYPES,
                "tag": tuple(sorted({tag for run in runs for tag in run.tags})),
                "batch": tuple(batches),
            },
            group_by=GROUPS,
        )

    def run(self, request: Request) -> Response:
        batch, name = request.path_params["batch"], request.path_params["name"]
        report = self._folder.report(batch, name)
        if report is None:
            return self.page("missing.html", status=404, what=f"run {batch}/{name}")
        return self.page("run.html", batch=batch, **conversation.page_values(report))

    def campaign(self, request: Request) -> Response:
        batch = request.path_params["batch"]
        document = self._folder.campaign(batch)
        if document is None:
            return self.page("missing.html", status=404, what=f"campaign {batch}")
        return self.page("campaign.html", batch=batch, campaigns=document.campaigns)

    def missing(self, request: Request, _: Exception) -> Response:
        return self.page("missing.html", status=404, what=f"page {request.url.path}")

    def page(self, template: str, *, status: int = 200, **values: Any) -> Response:
        """A template with its values."""
        return HTMLResponse(self._templates.get_template(template).render(**values), status_code=status)


def _when(batch: str) -> str:
    """The time in the name of a batch, as people write it; other names as they are."""
    found = _STARTED.match(batch)
    if found is None:
        return batch
    year, month, day, hour, minute, second = found.groups()
    return f"{year}-{month}-{day} {hour}:{minute}:{second}"


def _pretty(text: str) -> str:
    """A JSON object or list on several lines; other text as it is."""
    value = loaded(text) if text[:1] in ("{", "[") else None
    return text if value is None else json.dumps(value, ensure_ascii=False, indent=2)


def _percent(score: Score) -> str:
    return f"{100 * score.survived / score.judged:.0f} %" if score.judged else "nothing"
