"""What a campaign leaves behind: figures, findings, coverage; and its progress while it runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from pydantic import BaseModel, ConfigDict

from agent_chaos.oracles.oracle import Violation
from agent_chaos.oracles.verdict import Outcome, Verdict
from agent_chaos.search.corpus.baseline import Acceptance
from agent_chaos.search.failure import Failure, PlanField, UndecidedPlan
from agent_chaos.search.judgements import Judgements
from agent_chaos.trace.trace import Trace


class Figures(BaseModel):
    """Counts of a campaign. `examples` = ok + failures + undecided + not_tested + errors; the other runs are apart."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    examples: int = 0
    ok: int = 0
    failures: int = 0
    distinct: int = 0
    undecided: int = 0
    not_tested: int = 0
    errors: int = 0
    clean_runs: int = 0
    corpus_runs: int = 0
    shrink_runs: int = 0
    accepted: int = 0
    """Distinct failures that are accepted for now; they are not among `distinct`."""
    left_over: int = 0
    """Distinct failures that an earlier run caused; they are not among `distinct`."""
    exhaustive: int = 0
    """Where every single fault was to be run, how many examples that takes."""
    singles_run: int = 0
    """Singles that were in a plan that ran, whether or not they fired."""
    singles_covered: int = 0
    singles_total: int = 0
    pairs_covered: int = 0
    pairs_total: int = 0
    fired: dict[str, int] = {}
    """How many examples each kind of fault fired in."""
    no_site: tuple[str, ...] = ()
    """Kinds that had no site in this scenario."""
    seconds: float = 0.0


class Warned(BaseModel):
    """What an oracle only warns of: the first run that showed it, and in how many `examples` it was seen."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    violation: Violation
    plan: str
    examples: int = 1


class LeftOver(BaseModel):
    """A failure that did not come back when its plan ran after a run without faults: an earlier run left what it needs.

    It was seen in `examples`, under `plan` at last, and is no finding: one process holds many runs only here.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    violation: Violation
    plan: str
    examples: int = 0


LEFT_OUT = "left out by the selection"
"""Why a kind of fault was not run where others were chosen."""


class Covered(BaseModel):
    """How one kind of fault was covered: at how many `sites` it can land, at how many it was `run` and `fired`, in how many
    `examples` it fired, and `why` it did not where it never did.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    kind: str
    family: str
    sites: int = 0
    run: int = 0
    fired: int = 0
    examples: int = 0
    why: str = ""


@dataclass(frozen=True, slots=True)
class ShrinkStep:
    """A plan that was tried as a smaller one, and the fingerprints of what failed under it, in order.

    `verdict`: of its run; None where another run told what fails under it.
    """

    plan: PlanField
    failed: tuple[str, ...]
    verdict: Verdict | None = None


@dataclass(frozen=True)
class Finding:
    """A failure together with the run that shows it, and the numbers of this campaign's examples that showed it: a bit each."""

    failure: Failure
    outcome: Outcome
    seen_in: int = 0
    shrunk: tuple[ShrinkStep, ...] = ()
    """How the plan was made small; empty where it was that already, or was left as it was met."""
    reproduced: bool = True
    """False where runs of the plan, each after one without faults, did not all show it."""


@dataclass(frozen=True)
class Campaign:
    """The result of searching one scenario."""

    scenario: str
    seed: int
    clean: Trace
    figures: Figures
    findings: tuple[Finding, ...]
    judged: Judgements = field(default_factory=Judgements)
    first_error: str = ""
    undecided_reasons: tuple[tuple[str, int], ...] = ()
    """Why examples were undecided, with counts, most frequent first."""
    undecided_plans: tuple[UndecidedPlan, ...] = ()
    """One plan for each of those reasons, in the same order."""
    warnings: tuple[Warned, ...] = ()
    """What oracles warn of, most frequent first; no failures."""
    left_over: tuple[LeftOver, ...] = ()
    """What earlier runs caused; no findings."""
    tools_run_for_real: tuple[str, ...] = ()
    interrupted: bool = False
    until_covered: bool = False
    """Whether every single fault was to be run."""
    ended: str = ""
    """Why it ended before its examples were used up, or ''."""
    selected: bool = False
    """Whether it drew from chosen faults only."""
    coverage: tuple[Covered, ...] = ()
    """Every kind of fault, those that were left out too."""
    accepted: tuple[Acceptance, ...] = ()
    """Failures that were met and are accepted; they are not among the findings."""
    expired: tuple[Acceptance, ...] = ()
    """Failures that were met and are accepted no longer; they are among the findings."""


Phase = Literal["clean", "corpus", "search", "shrink"]


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a campaign is; sent after every example."""

    phase: Phase
    done: int
    total: int
    failures: int
    seconds: float
    found: tuple[str, ...] = ()
    """The fingerprints found so far, in order."""


Listener = Callable[[Progress], None]
