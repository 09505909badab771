"""Joins the shards of a campaign: every distinct plan that any of them ran is one example of the whole.

Nothing is searched again. Each failure is as small as the shard that made it smallest left it, and runs once more, so that
it is shown. One that no shard came to make small is made small here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain, zip_longest

from agent_chaos.errors import UsageError
from agent_chaos.faults.plan import Plan
from agent_chaos.search.campaign import Campaign, Listener
from agent_chaos.search.campaign_state import CampaignState
from agent_chaos.search.checkpoints.checkpoint_executor import as_kept, showing
from agent_chaos.search.checkpoints.kept_results import KeptResults, KeptShrink
from agent_chaos.search.checkpoints.shard import Shard
from agent_chaos.search.checkpoints.stopwatch import Stopwatch
from agent_chaos.search.conclude import Ending, concluded
from agent_chaos.search.corpus.baseline import NOTHING, Baseline
from agent_chaos.search.corpus.failure_files import Corpus
from agent_chaos.search.corpus.journal import Journal
from agent_chaos.search.example import Example
from agent_chaos.search.executors.executor import Executor
from agent_chaos.search.executors.inline import Inline
from agent_chaos.search.scope import EVERYTHING, Scope
from agent_chaos.search.search import run_stored, started
from agent_chaos.search.shrink import DEFAULT_MAX_RUNS, ShrinkResult, ShrinkTask
from agent_chaos.search.space import Space
from agent_chaos.search.strategies.exhaustive import edges
from agent_chaos.search.strategies.knowledge import Knowledge
from agent_chaos.search.subject import Subject


def in_order(shards: Sequence[KeptResults]) -> list[KeptResults]:
    """All shards of one campaign, the first one first.

    Raises:
        UsageError: one is missing or there twice, or they are of campaigns that differ.
    """
    first = shards[0]
    for one in shards:
        if differs := list(first.beginning.differences(one.beginning)):
            raise UsageError(f"{one.path}: not of the campaign of {first.path}: {'; '.join(differs)}")
    found: dict[str, KeptResults] = {}
    for one in shards:
        if (other := found.setdefault(one.beginning.shard, one)) is not one:
            raise UsageError(f"{one.path}: shard {one.beginning.shard}, as {other.path}; give each once")
    count = Shard.parse(first.beginning.shard).count
    wanted = [str(Shard(number, count)) for number in range(1, count + 1)]
    if sorted(wanted) != sorted(found):
        given = ", ".join(sorted(found))
        raise UsageError(
            f"{first.beginning.scenario}: expected every shard 1/{count} to {count}/{count}, found {given}"
        )
    return [found[name] for name in wanted]


def merged(
    subject: Subject,
    shards: Sequence[KeptResults],
    *,
    corpus: Corpus | None = None,
    listener: Listener = lambda progress: None,
    scope: Scope = EVERYTHING,
    baseline: Baseline = NOTHING,
) -> Campaign:
    """The campaign that the shards are together, as `in_order` gives them; `scope` is what they searched."""
    asked = shards[0].beginning
    space = Space.of(subject.clean, scope)
    joined = _Joined(Inline(subject, space), shards)
    run = started(
        subject,
        joined,
        space,
        max_examples=asked.max_examples,
        max_time_s=None,
        listener=listener,
        journal=Journal(corpus, subject, baseline, asked.seed),
        stopwatch=Stopwatch(sum(one.seconds for one in shards)),
    )
    stored = run_stored(run, joined, asked.stored, scope)
    knowledge = Knowledge()
    for example in _told(run, shards):
        knowledge.learn(example)
    for one in chain.from_iterable(shard.shrinks() for shard in shards):
        run.found.setdefault(one.fingerprint, one.plan)  # some are only met while others are made small
    planned = len(edges(space)) if asked.selection.exhaustive else 0
    space = space if planned else space.extended(knowledge.counted)
    end = Ending(
        asked.seed, DEFAULT_MAX_RUNS, baseline, corpus, stored, asked.selection.until_covered, planned
    )
    return _of_all(concluded(run, space, end, interrupted=False), shards, joined)


def _of_all(campaign: Campaign, shards: Sequence[KeptResults], joined: _Joined) -> Campaign:
    """The campaign with the runs that the shards really took: each had clean and stored runs of its own."""
    counts = campaign.figures
    added = {
        "clean_runs": counts.clean_runs * len(shards),
        "corpus_runs": counts.corpus_runs * len(shards),
        "shrink_runs": counts.shrink_runs + joined.runs_of_others,
    }
    return replace(
        campaign,
        figures=counts.model_copy(update=added),
        interrupted=campaign.interrupted or any(one.interrupted for one in shards),
    )


def _told(run: CampaignState, shards: Sequence[KeptResults]) -> Iterator[Example]:
    """Every example, one of each shard in turn; those that the shards' own searches ran, not those of `--until-covered`."""
    searched = [Shard.parse(one.beginning.shard).examples(one.beginning.max_examples) for one in shards]
    # In turn, as they ran beside each other: of plans that show one failure the first one stays.
    for number, row in enumerate(zip_longest(*(one.examples() for one in shards))):
        for share, example in zip(searched, row, strict=True):
            if example is not None:
                told = list(run.run([example.plan]))
                yield from told if number < share else ()


class _Joined:
    """Answers with what any of the shards ran."""

    def __init__(self, executor: Executor, shards: Sequence[KeptResults]) -> None:
        self._executor = executor
        self._shards = shards
        self.runs_of_others = 0
        """Runs that went into making small what another shard made smaller."""

    def examine(self, plans: Sequence[Plan]) -> Iterator[Example]:
        for plan in plans:
            known = (shard.example(plan.key) for shard in self._shards)
            found = next((example for example in known if example is not None), None)
            yield found if found is not None else next(self._executor.examine([plan]))

    def shrink(self, tasks: Sequence[ShrinkTask]) -> Iterator[ShrinkResult]:
        kept: dict[str, list[KeptShrink]] = {}
        for one in chain.from_iterable(shard.shrinks() for shard in self._shards):
            kept.setdefault(one.fingerprint, []).append(one)
        for task in tasks:
            made = kept.get(task.fingerprint, [])
            # One without checks was only shown there, as a stored failure is, and no shard made it small.
            best = self._best(task, [one for one in made if one.reproduced and one.checks])
            self.runs_of_others += sum(one.runs for one in made if one is not best)
            if best is None:
                yield from self._executor.shrink([task])
            else:
                yield as_kept(best, next(self._executor.shrink([showing(best)])))

    def close(self) -> None:
        self._executor.close()

    def _best(self, task: ShrinkTask, made: Sequence[KeptShrink]) -> KeptShrink | None:
        """The smallest; of equals that which one campaign would have made of the same plan, else the first shard's."""
        same = next((one for shard in self._shards if (one := shard.shrunk(task)) is not None), None)
        return min(
            made,
            key=lambda one: (len(one.plan), one.plan.frequency, not one.smallest, one != same),
            default=None,
        )
