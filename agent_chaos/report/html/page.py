"""Renders campaigns: as a page of their own, and as the parts that `agent-chaos ui` puts into its pages."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from agent_chaos.report.contents.facts import facts
from agent_chaos.report.contents.grid import Grid, grid
from agent_chaos.report.document import CampaignRecord, GridCell, Stopped, TimelineRow
from agent_chaos.report.html.inert import inert
from agent_chaos.report.html.marks import marked, marked_texts
from agent_chaos.search.campaign import LEFT_OUT
from agent_chaos.version import __version__

_VERDICTS = {
    0: ("PASS", "pass"),
    1: ("FAIL", "fail"),
    3: ("NOT JUDGED", "open"),
    5: ("HARNESS ERROR", "fail"),
    130: ("INTERRUPTED", "open"),
}
_PER_CENT = re.compile(r"(?<=\d) %")
_FIRST = ("Interrupted", "Harness", "Expired", "Score")
"""Facts that stand above the findings."""
_IN_THE_TABLE = ("Fired", "No site")
"""Facts that the table of every kind of fault holds."""


def page(campaigns: Sequence[CampaignRecord], stopped: Sequence[Stopped] = ()) -> str:
    """Campaigns as one HTML file without any request."""
    static = files("agent_chaos.report.html").joinpath("static")
    style = static.joinpath("report.css").read_text(encoding="utf-8")
    script = static.joinpath("report.js").read_text(encoding="utf-8")
    # For the page's content security policy, which lets this script run and no other: a report holds text of
    # models and tools.
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return (
        template_environment()
        .get_template("report.html")
        .render(
            campaigns=list(campaigns),
            stopped=list(stopped),
            style=Markup(style),
            script=Markup(script),
            script_hash=Markup(f"sha256-{digest}"),
        )
    )


def template_environment(*packages: str) -> Environment:
    """Templates of this folder, and of other packages before them. All text in them is shown as what it is."""
    loaders = [PackageLoader(name) for name in (*packages, "agent_chaos.report.html")]
    made = Environment(
        loader=ChoiceLoader(loaders),
        autoescape=True,
        # A name that a template misspells would else be shown as nothing.
        undefined=StrictUndefined,
        finalize=lambda value: inert(value) if type(value) is str else value,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(
        inert=inert,
        met=_met,
        per_cent=_per_cent,
        strip=_strip,
        grid=_failures_first,
        marked=marked,
        marked_texts=marked_texts,
        facts_first=_facts_first,
        facts_after=_facts_after,
    )
    made.globals.update(version=__version__, left_out=LEFT_OUT, verdict_of=lambda code: _VERDICTS[code])
    return made


def _failures_first(cells: Sequence[GridCell]) -> Grid:
    made = grid(cells)
    failed = {one.kind for one in cells if one.failed}
    return Grid(made.places, tuple(sorted(made.rows, key=lambda row: row[0] not in failed)))


_MET = {"sometimes": "fault met now and then", "every run": "in every run"}


def _met(often: str) -> str:
    return _MET.get(often, f"{often} fault")


def _facts_first(campaign: CampaignRecord) -> list[tuple[str, str]]:
    return [one for one in facts(campaign, everything=True) if one[0] in _FIRST]


def _facts_after(campaign: CampaignRecord) -> list[tuple[str, str]]:
    elsewhere = (*_FIRST, *(_IN_THE_TABLE if campaign.coverage else ()))
    return [one for one in facts(campaign, everything=True) if one[0] not in elsewhere]


@dataclass(frozen=True, slots=True)
class _Bar:
    """A row of a timeline with where it begins and how long it lasts, in hundredths of the run."""

    row: TimelineRow
    start: float
    width: float


@dataclass(frozen=True, slots=True)
class _Strip:
    """The bars of a timeline, and how many virtual seconds they stand for."""

    seconds: float
    rows: tuple[_Bar, ...]


def _per_cent(text: str) -> str:
    """The text with no line break between a number and its sign; code is shown without this, since it is copied."""
    return _PER_CENT.sub("\u00a0%", text)


def _strip(rows: Sequence[TimelineRow]) -> _Strip:
    ends = [row.at for row in rows if row.at is not None]
    whole = max(ends, default=0.0) or 1.0
    starts = [row.at if row.at is not None else 0.0 for row in rows]
    nexts = [*starts[1:], whole]
    bars = (
        _Bar(row, round(100 * at / whole, 4), round(max(0.0, 100 * (until - at) / whole), 4))
        for row, at, until in zip(rows, starts, nexts, strict=True)
    )
    return _Strip(whole, tuple(bars))
