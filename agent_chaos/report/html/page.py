"""Renders campaigns: as a page of their own, and as the parts that `agent-chaos ui` puts into its pages."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from agent_chaos.report.contents.facts import facts
from agent_chaos.report.contents.grid import grid
from agent_chaos.report.document import CampaignRecord, Stopped, TimelineRow
from agent_chaos.report.html.inert import inert
from agent_chaos.version import __version__

_VERDICTS = {
    0: ("PASS", "pass"),
    1: ("FAIL", "fail"),
    3: ("NOT JUDGED", "open"),
    5: ("HARNESS ERROR", "fail"),
    130: ("INTERRUPTED", "open"),
}


def page(campaigns: Sequence[CampaignRecord], stopped: Sequence[Stopped] = ()) -> str:
    """Campaigns as one HTML file without any request."""
    style = files("agent_chaos.report.html").joinpath("static/report.css").read_text(encoding="utf-8")
    return (
        template_environment()
        .get_template("report.html")
        .render(campaigns=campaigns, stopped=stopped, style=Markup(style))
    )


def template_environment(*packages: str) -> Environment:
    """Templates of this folder, and of other packages before them. All text in them is shown as what it is."""
    loaders = [PackageLoader(name) for name in (*packages, "agent_chaos.report.html")]
    made = Environment(
        loader=ChoiceLoader(loaders),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=lambda value: inert(value) if type(value) is str else value,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(inert=inert, strip=_strip, grid=grid)
    made.globals.update(version=__version__, facts=facts, verdict_of=lambda code: _VERDICTS[code])
    return made


def _strip(rows: Sequence[TimelineRow]) -> list[dict[str, Any]]:
    """The rows of a timeline with where each begins and how long it lasts, in hundredths of the run."""
    ends = [row.at for row in rows if row.at is not None]
    whole = max(ends, default=0.0) or 1.0
    starts = [row.at if row.at is not None else 0.0 for row in rows]
    nexts = [*starts[1:], whole]
    return [
        {
            "row": row,
            "start": round(100 * at / whole, 2),
            "width": round(max(0.8, 100 * (until - at) / whole), 2),
        }
        for row, at, until in zip(rows, starts, nexts, strict=True)
    ]
