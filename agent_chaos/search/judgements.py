"""How the examples of a campaign were judged: what is kept of each, and the counts of all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from agent_chaos.faults.family import Frequency
from agent_chaos.faults.fault import Fault
from agent_chaos.oracles.verdict import Outcome, Verdict
from agent_chaos.trace.trace import Trace


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
