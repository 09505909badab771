"""Campaigns as a file: the JSON that `--json` writes and `.agent_chaos_runs/` keeps. Programs read it, so it has a version."""

from __future__ import annotations

import json
from typing import Literal

from pydantic import BaseModel, ConfigDict

from agent_chaos.report import figures
from agent_chaos.report.exit import exit_code
from agent_chaos.report.timeline import timeline
from agent_chaos.search.campaign import Campaign, Covered, Failure, Figures, Finding, UndecidedPlan, Warned
from agent_chaos.search.corpus.accepted import Acceptance
from agent_chaos.trace.trace import Trace
from agent_chaos.version import __version__


class TimelineRow(BaseModel):
    """One row of a timeline: virtual seconds since the run started, who, and what in words."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    at: float | None
    who: str
    what: tuple[str, ...]
    mark: str = ""


class FailureRecord(BaseModel):
    """A failure, and the run that shows it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    failure: Failure
    timeline: tuple[TimelineRow, ...]


class CampaignRecord(BaseModel):
    """A campaign. `exit_code` is its own; `undecided_reasons` are (reason, count), `undecided_plans` a plan for each; `conclusion` is what running every single
    fault showed; `accepted` failures were met and fail nothing, `expired` ones are among the failures again.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    scenario: str
    seed: int
    exit_code: int
    summary: str
    figures: Figures
    failures: tuple[FailureRecord, ...]
    undecided_reasons: tuple[tuple[str, int], ...] = ()
    undecided_plans: tuple[UndecidedPlan, ...] = ()
    warnings: tuple[Warned, ...] = ()
    tools_run_for_real: tuple[str, ...] = ()
    first_error: str = ""
    interrupted: bool = False
    clean_virtual_s: float = 0.0
    notes: tuple[str, ...] = ()
    conclusion: str = ""
    coverage: tuple[Covered, ...] = ()
    accepted: tuple[Acceptance, ...] = ()
    expired: tuple[Acceptance, ...] = ()


class Stopped(BaseModel):
    """A scenario that could not be searched, and why."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    scenario: str
    error: str
    exit_code: int


class Document(BaseModel):
    """What one `fuzz` command did."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal["agent-chaos campaigns"] = "agent-chaos campaigns"
    version: Literal[1] = 1
    agent_chaos: str = __version__
    exit_code: int
    campaigns: tuple[CampaignRecord, ...]
    stopped: tuple[Stopped, ...] = ()

    def to_json(self) -> str:
        """The document as text, ending in a newline."""
        return json.dumps(self.model_dump(mode="json"), indent=2, ensure_ascii=False) + "\n"


def record(campaign: Campaign, notes: tuple[str, ...] = ()) -> CampaignRecord:
    """The campaign as it is kept."""
    return CampaignRecord(
        scenario=campaign.scenario,
        seed=campaign.seed,
        exit_code=exit_code(campaign),
        summary=figures.summary(campaign.figures, campaign.tools_run_for_real),
        figures=campaign.figures,
        failures=tuple(_failure(finding) for finding in campaign.findings),
        undecided_reasons=campaign.undecided_reasons,
        undecided_plans=campaign.undecided_plans,
        warnings=campaign.warnings,
        tools_run_for_real=campaign.tools_run_for_real,
        first_error=campaign.first_error,
        interrupted=campaign.interrupted,
        clean_virtual_s=campaign.clean.virtual_s,
        notes=notes,
        conclusion=figures.conclusion(campaign),
        coverage=campaign.coverage,
        accepted=campaign.accepted,
        expired=campaign.expired,
    )


def _failure(finding: Finding) -> FailureRecord:
    return FailureRecord(failure=finding.failure, timeline=tuple(_moments(finding.outcome.trace)))


def _moments(trace: Trace) -> list[TimelineRow]:
    return [
        TimelineRow(at=row.at, who=row.who, what=tuple(line.text for line in row.lines), mark=row.mark)
        for row in timeline(trace)
    ]
