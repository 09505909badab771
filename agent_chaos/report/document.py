"""Campaigns as values: what `--report json` writes, `.agent_chaos_runs/` keeps, and every report and page shows.

Programs read it, so it has a version; fields may be added to a version, and keep their meaning.
"""

from __future__ import annotations

import json
from typing import Literal

from pydantic import BaseModel, ConfigDict

from agent_chaos import __version__
from agent_chaos.report.contents.beside import SaidBeside
from agent_chaos.report.contents.difference import Pair
from agent_chaos.report.contents.shrinking import ShrunkPlan
from agent_chaos.report.contents.source import CodeLine
from agent_chaos.search.campaign import Covered, Figures, LeftOver, Warned
from agent_chaos.search.corpus.baseline import Acceptance
from agent_chaos.search.failure import Failure, UndecidedPlan


class TimelineRow(BaseModel):
    """One row of a timeline: virtual seconds since the run started, who, and what in words.

    `at` is None for a row that stands for several left out; `tones` says of each line whether it is plain, quiet, the
    fault or the finding, `mark` the same of the row.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    at: float | None
    who: str
    what: tuple[str, ...]
    mark: str = ""
    tones: tuple[str, ...] = ()


class Change(BaseModel):
    """Something that was recorded beside what it was in this run, aspect by aspect."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    heading: str
    note: str
    pairs: tuple[Pair, ...]


class FailureRecord(BaseModel):
    """A failure, and the run that shows it.

    `location` is the line of the agent's code it is about, `raised_at` the line of a library that raised; `plan` the faults
    in words, `word` the plan in the DSL (empty for a plan without faults), `met` how often the rarest fault of the plan is
    met; `shrunk` is how the plan was made small (empty where it was not), `conversation` what was said, beside the recording.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    failure: Failure
    timeline: tuple[TimelineRow, ...]
    models: tuple[str, ...] = ()
    location: CodeLine | None = None
    raised_at: CodeLine | None = None
    changes: tuple[Change, ...] = ()
    plan: tuple[str, ...] = ()
    word: str = ""
    met: str = ""
    smallness: str = ""
    shrunk: tuple[ShrunkPlan, ...] = ()
    conversation: tuple[SaidBeside, ...] = ()


class Fix(BaseModel):
    """What to change: in a sentence, and as lines of code where they can be told."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    does: str
    code: str = ""


class FindingRecord(BaseModel):
    """Failures with one cause, which one change ends. `number` counts from 1, in the order in which to fix them.

    `failures` are ids, the weightiest first; `examples` is how many examples of the search showed one of them
    (none where a stored failure was only run again), `weight` how often its fault is met times how grave what follows is.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    number: int
    headline: str
    fix: Fix
    failures: tuple[str, ...]
    examples: int
    weight: int = 0
    location: CodeLine | None = None
    met: str = ""


class SurvivedKinds(BaseModel):
    """What the agent withstood: `kinds` of fault that fired and never failed it, by what came of them."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    outcome: str
    kinds: tuple[str, ...]
    examples: int


class GridCell(BaseModel):
    """How the examples ended in which a kind of fault fired at a `place` (`call 1`, `tool 0`)."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    kind: str
    place: str
    survived: int = 0
    failed: int = 0
    undecided: int = 0


class Score(BaseModel):
    """Of the `judged` examples with an everyday fault those that `survived`; `low` and `high` bound the share (95 %,
    Wilson), and `undecided` is how many could not be judged.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    survived: int
    judged: int
    undecided: int
    low: float
    high: float


class CampaignRecord(BaseModel):
    """A campaign. `exit_code` is its own; `undecided_reasons` are (reason, count), `undecided_plans` a plan for each;
    `conclusion` is what running every single fault showed; `accepted` failures were met and fail nothing, nor do those that
    earlier runs caused (`left_over`); `expired` ones are among the failures again. `findings` group `failures` by cause; both are in the order in which to fix them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    scenario: str
    seed: int
    exit_code: int
    summary: str
    figures: Figures
    failures: tuple[FailureRecord, ...]
    findings: tuple[FindingRecord, ...] = ()
    held: tuple[SurvivedKinds, ...] = ()
    score: Score | None = None
    undecided_reasons: tuple[tuple[str, int], ...] = ()
    not_tested_reasons: tuple[tuple[str, int], ...] = ()
    undecided_plans: tuple[UndecidedPlan, ...] = ()
    warnings: tuple[Warned, ...] = ()
    left_over: tuple[LeftOver, ...] = ()
    tools_run_for_real: tuple[str, ...] = ()
    had_effects: bool = False
    """Whether the run without faults wrote a file, opened a database or started a program."""
    first_error: str = ""
    interrupted: bool = False
    until_covered: bool = False
    ended: str = ""
    clean_virtual_s: float = 0.0
    notes: tuple[str, ...] = ()
    conclusion: str = ""
    coverage: tuple[Covered, ...] = ()
    struck: tuple[GridCell, ...] = ()
    accepted: tuple[Acceptance, ...] = ()
    expired: tuple[Acceptance, ...] = ()

    def of(self, finding: FindingRecord) -> tuple[FailureRecord, ...]:
        """The failures of a finding, the weightiest first."""
        by_id = {one.failure.id: one for one in self.failures}
        return tuple(by_id[one] for one in finding.failures)


class Stopped(BaseModel):
    """A scenario that could not be searched, and why."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    scenario: str
    error: str
    exit_code: int


class Document(BaseModel):
    """What one `fuzz` command did."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    format: Literal["agent-chaos campaigns"] = "agent-chaos campaigns"
    version: Literal[1] = 1
    agent_chaos: str = __version__
    exit_code: int
    campaigns: tuple[CampaignRecord, ...]
    stopped: tuple[Stopped, ...] = ()

    def to_json(self) -> str:
        """The document as text, ending in a newline."""
        return json.dumps(self.model_dump(mode="json"), indent=2, ensure_ascii=False) + "\n"
