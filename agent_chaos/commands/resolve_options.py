"""What one `fuzz` was asked to do: the command line over the project's settings, names made into faults and oracles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from agent_chaos.commands.settings import settings
from agent_chaos.errors import UsageError
from agent_chaos.oracles.oracle import Oracle
from agent_chaos.report.reporter import USUAL, View
from agent_chaos.search.corpus.accepted import Baseline
from agent_chaos.search.scope import EVERYTHING, Scope
from agent_chaos.search.selection import Profile, judges, outside, scoped
from agent_chaos.search.variants.space_file import chaos_space

_EXAMPLES = 200


@dataclass(frozen=True)
class FuzzOptions:
    """The options of `fuzz` as they were typed; None, or nothing, where they were not."""

    max_examples: int | None = None
    seed: int | None = None
    max_time_s: float | None = None
    allow_real_tools: bool = False
    space: str = ""
    only_faults: tuple[str, ...] = ()
    skip_faults: tuple[str, ...] = ()
    only_oracles: tuple[str, ...] = ()
    skip_oracles: tuple[str, ...] = ()
    until_covered: bool = False
    exhaustive: bool = False
    profile: Profile | None = None
    reports: tuple[str, ...] = ()
    view: View = USUAL


@dataclass(frozen=True)
class Chosen:
    """The same, complete and checked."""

    max_examples: int
    seed: int
    scope: Scope
    judges: Mapping[str, Oracle]
    baseline: Baseline
    announced: int | None
    """How many examples there are at most; None for as many as it takes."""


def chosen(asked: FuzzOptions) -> Chosen:
    """Raises UsageError for names that are unknown, settings that make no sense, and a space that does not load."""
    if asked.exhaustive and asked.until_covered:
        raise UsageError("--exhaustive runs every single fault already; leave out --until-covered")
    known = settings()
    scope = chaos_space(asked.space).scope() if asked.space else EVERYTHING
    examples = asked.max_examples or known.max_examples or _EXAMPLES
    return Chosen(
        max_examples=examples,
        announced=None if asked.exhaustive or asked.until_covered else examples,
        seed=asked.seed if asked.seed is not None else known.seed or 0,
        scope=scoped(
            scope,
            only=asked.only_faults or known.only_faults,
            skip=(
                *(asked.skip_faults or known.skip_faults),
                *outside(asked.profile or known.profile or "all"),
            ),
        ),
        judges=judges(
            only=asked.only_oracles or known.only_oracles, skip=asked.skip_oracles or known.skip_oracles
        ),
        baseline=Baseline.load(known.baseline, date.today()),
    )
