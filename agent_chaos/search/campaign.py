"""What a campaign is made of and leaves behind: the trial it searches, failures, figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal, Protocol

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

from agent_chaos.faults.family import Frequency
from agent_chaos.faults.fault import Fault
from agent_chaos.faults.plan import Plan
from agent_chaos.oracles.oracle import Violation
from agent_chaos.oracles.verdict import Outcome, Verdict
from agent_chaos.search.corpus.baseline import Acceptance
from agent_chaos.trace.trace import Trace


class Subject(Protocol):
    """What is searched: a prepared scenario, whose trials are deterministic functions of the plan."""

    @property
    def name(self) -> str:
        """The scenario's name."""
        ...

    @property
    def target(self) -> str:
        """What people load it by: a path or `module:attr`."""
        ...

    @property
    def cassette_digest(self) -> str:
        """Of the recording; empty for one that is not on the disk."""
        ...

    @property
    def versions(self) -> Mapping[str, str]:
        """Of what the recording was made with."""
        ...

    @property
    def tools_run_for_real(self) -> tuple[str, ...]:
        """Tools whose calls no boundary saw."""
        ...

    @property
    def clean(self) -> Trace:
        """The trace without faults."""
        ...

    @property
    def clean_outcome(self) -> Outcome:
        """The verdict of the run without faults."""
        ...

    def trial(self, plan: Plan) -> Outcome:
        """One example under the plan, judged."""
        ...


def _plan(value: object) -> object:
    # A plan that is one already passes, so that failures can be made in Python as well.
    return Plan.model_validate(value) if isinstance(value, dict) else value


def _plan_json(plan: Plan) -> dict[str, object]:
    return plan.as_dict()


PlanField = Annotated[Plan, BeforeValidator(_plan), PlainSerializer(_plan_json)]
"""A plan in the JSON that people read and edit: sites as text, faults beside them."""


class Failure(BaseModel):
    """A failure at rest: everything needed to run it again. Stored as `.agent_chaos/<id>.json`.

    `id` is short and depends on scenario and fingerprint alone (`F-7Q2K`). `target` is what `replay` loads (a path or
    `module:attr`). `smallest` says whether every single removal and softening was re-run; `checks` is how many runs
    that took. `cassette_digest` tells a later run that the recording changed. `versions` as in the cassette header,
    plus `agent-chaos` and `python`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    version: Literal[1] = 1
    id: str = Field(pattern=r"^F-[0-9A-Z]{4,12}$")
    scenario: str
    target: str
    fingerprint: str
    violation: Violation
    plan: PlanField
    seed: int
    smallest: bool = False
    checks: int = 0
    runs_seen: int = 1
    cassette_digest: str = ""
    versions: dict[str, str] = {}


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


class UndecidedPlan(BaseModel):
    """A plan whose run left the recording: what the model would have said there was never recorded.

    Stored as `.agent_chaos_runs/undecided/<id>.json`; `agent-chaos record --continue <id>` asks the provider. `id` depends
    on scenario and plan alone (`U-7Q2K`), and `examples` is how many left the recording there.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    version: Literal[1] = 1
    id: str = Field(pattern=r"^U-[0-9A-Z]{4,12}$")
    scenario: str
    target: str
    reason: str
    plan: PlanField
    examples: int = 1


class Warned(BaseModel):
    """What an oracle only warns of: the first run that showed it, and in how many `examples` it was seen."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    violation: Violation
    plan: str
    examples: int = 1


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
    """A plan that was tried as a smaller one, and the fingerprints of what failed under it, in order."""

    plan: PlanField
    failed: tuple[str, ...]


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


@dataclass(frozen=True, slots=True)
class Judged:
    """What is kept of an example: the kinds of fault that struck, each with where, the verdict and what explains it.

    `struck` holds pairs as `("truncate", "call 1")`; `answered` says how the turns ended: with the same answers as without
    faults, with others, or in an exception. `everyday`: faults struck, and none but those that any agent meets.
    """

    struck: frozenset[tuple[str, str]]
    verdict: Verdict
    reason: str
    answered: Literal["same", "other", "raised"]
    everyday: bool = False

    @classmethod
    def of(cls, outcome: Outcome, clean: Trace) -> Judged:
        """An example beside the run without faults."""
        trace = outcome.trace
        same = [one.text for one in trace.answers] == [one.text for one in clean.answers]
        return cls(
            struck=frozenset((fault.kind, site.place) for site, fault in trace.fired),
            verdict=outcome.verdict,
            reason=outcome.reason,
            answered="raised" if trace.raised else "same" if same else "other",
            everyday=only_everyday(fault for _, fault in trace.fired),
        )


def only_everyday(faults: Iterable[Fault]) -> bool:
    """Whether there are faults, and none but those that any agent meets."""
    met = {fault.own_frequency for fault in faults}
    return met == {Frequency.EVERYDAY}


@dataclass(frozen=True)
class Judgements:
    """How all examples of a campaign were judged, counted.

    Attributes:
        verdicts: of all examples.
        cells: for each kind of fault and place, and verdict; an example of several faults counts for each.
        harmless: for each kind of fault, and how they ended, the examples that passed where it fired alone, or with others and
            the same answers came.
        everyday: of the examples in which faults fired, and none but those that any agent meets.
        not_tested: why examples tested nothing.
    """

    verdicts: Counter[Verdict] = field(default_factory=Counter)
    cells: Counter[tuple[str, str, Verdict]] = field(default_factory=Counter)
    harmless: Counter[tuple[str, str]] = field(default_factory=Counter)
    everyday: Counter[Verdict] = field(default_factory=Counter)
    not_tested: Counter[str] = field(default_factory=Counter)

    def add(self, one: Judged) -> None:
        """Counts one more example."""
        self.verdicts[one.verdict] += 1
        self.cells.update((kind, place, one.verdict) for kind, place in one.struck)
        kinds = {kind for kind, _ in one.struck}
        if one.verdict is Verdict.PASS and (len(kinds) == 1 or one.answered == "same"):
            # What changed nothing together changed nothing alone.
            self.harmless.update((kind, one.answered) for kind in kinds)
        if one.everyday:
            self.everyday[one.verdict] += 1
        if one.verdict is Verdict.NOT_TESTED:
            self.not_tested[one.reason] += 1


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
