"""What one `fuzz` was asked to do: the command line over the project's settings, names made into faults and oracles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from agent_chaos.errors import UsageError
from agent_chaos.oracles.oracle import Oracle
from agent_chaos.report.reporter import USUAL, View
from agent_chaos.scenario.selector import EVERY, Selector
from agent_chaos.search.checkpoints.beginning import CampaignSelection
from agent_chaos.search.checkpoints.shard import WHOLE, Shard
from agent_chaos.search.corpus.baseline import Baseline
from agent_chaos.search.corpus.settings import resolved, scope_of
from agent_chaos.search.scope import Scope
from agent_chaos.search.selection import Profile, Selection, judges


@dataclass(frozen=True)
class FuzzOptions:
    """The options of `fuzz` as they were typed; None, or nothing, where they were not."""

    max_examples: int | None = None
    seed: int | None = None
    max_time_s: float | None = None
    selector: Selector = EVERY
    stop_on_first: bool = False
    workers: int = 0
    allow_real_tools: bool = False
    space: str = ""
    only_faults: tuple[str, ...] = ()
    skip_faults: tuple[str, ...] = ()
    only_oracles: tuple[str, ...] = ()
    skip_oracles: tuple[str, ...] = ()
    until_covered: bool = False
    until_stale: int | None = None
    executor: str = ""
    exhaustive: bool = False
    shard: str = ""
    resume: bool = False
    profile: Profile | None = None
    reports: tuple[str, ...] = ()
    view: View = USUAL

    @property
    def settings(self) -> dict[str, Any]:
        """Those that a project can set as well."""
        return {
            "max_examples": self.max_examples,
            "seed": self.seed,
            "max_time": self.max_time_s,
            "only_faults": self.only_faults,
            "skip_faults": self.skip_faults,
            "only_oracles": self.only_oracles,
            "skip_oracles": self.skip_oracles,
            "profile": self.profile,
            "space": self.space,
        }


@dataclass(frozen=True)
class Chosen:
    """The same, complete and checked."""

    max_examples: int
    max_time_s: float | None
    seed: int
    scope: Scope
    judges: Mapping[str, Oracle]
    baseline: Baseline
    announced: int | None
    """How many examples there are at most; None for as many as it takes."""
    shard: Shard
    selection: CampaignSelection


def resolve_options(asked: FuzzOptions) -> Chosen:
    """Raises UsageError for names that are unknown, settings that make no sense, and a space that does not load."""
    if asked.exhaustive and asked.until_covered:
        raise UsageError("--exhaustive runs every single fault already; leave out --until-covered")
    if asked.executor and asked.workers:
        raise UsageError("--executor brings its own workers; leave out --workers")
    known = resolved(asked.settings).settings
    shard = Shard.parse(asked.shard) if asked.shard else WHOLE
    return Chosen(
        max_examples=known.max_examples,
        max_time_s=known.max_time,
        announced=None if asked.exhaustive or asked.until_covered else shard.examples(known.max_examples),
        seed=known.seed,
        scope=scope_of(known),
        judges=judges(only=known.only_oracles, skip=known.skip_oracles),
        baseline=Baseline.load(known.baseline, date.today()),
        shard=shard,
        selection=CampaignSelection(
            **known.model_dump(include=set(Selection.model_fields)),
            exhaustive=asked.exhaustive,
            until_covered=asked.until_covered,
            allow_real_tools=asked.allow_real_tools,
        ),
    )
