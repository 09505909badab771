"""A campaign: collects every distinct failure of a scenario within a budget, then makes each small."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field

from agent_chaos.faults.plan import Plan, Site
from agent_chaos.patch.install import offline_environment
from agent_chaos.runtime import interrupts
from agent_chaos.search.campaign import Campaign, Listener
from agent_chaos.search.campaign_state import CampaignState
from agent_chaos.search.checkpoints.checkpoint import Checkpoint
from agent_chaos.search.checkpoints.checkpoint_executor import CheckpointExecutor
from agent_chaos.search.checkpoints.shard import WHOLE, Shard
from agent_chaos.search.checkpoints.stopwatch import Stopwatch
from agent_chaos.search.conclude import Ending, Stored, concluded
from agent_chaos.search.corpus.baseline import NOTHING, Baseline
from agent_chaos.search.corpus.failure_files import Corpus, is_proven
from agent_chaos.search.corpus.journal import Journal
from agent_chaos.search.example import examined
from agent_chaos.search.executors.executor import Executor
from agent_chaos.search.executors.inline import Inline
from agent_chaos.search.failure import Failure
from agent_chaos.search.loop import drive
from agent_chaos.search.scope import EVERYTHING, Scope
from agent_chaos.search.shrink import DEFAULT_MAX_RUNS
from agent_chaos.search.space import Space
from agent_chaos.search.strategies.exhaustive import KnownPlans, edges, left_over
from agent_chaos.search.strategies.group_testing import GroupTesting
from agent_chaos.search.subject import Subject


# Once for the whole campaign: a trial by itself puts the environment up and takes it back.
@offline_environment()
@interrupts.interrupts_kept()
def find_failures(
    subject: Subject,
    *,
    max_examples: int = 200,
    seed: int = 0,
    max_time_s: float | None = None,
    corpus: Corpus | None = None,
    listener: Listener = lambda progress: None,
    max_shrink_runs: int = DEFAULT_MAX_RUNS,
    scope: Scope = EVERYTHING,
    baseline: Baseline = NOTHING,
    until_covered: bool = False,
    until_stale: int | None = None,
    stop_on_first: bool = False,
    exhaustive: bool = False,
    executor: Executor | None = None,
    shard: Shard = WHOLE,
    checkpoint: Checkpoint | None = None,
) -> Campaign:
    """Searches a prepared scenario. Failing examples never stop it; Ctrl-C ends it with what was found.

    Args:
        max_examples: search trials, of all shards together; clean, stored, shrinking and confirming runs are counted apart.
        max_time_s: real seconds after which the search ends; shrinking still happens.
        corpus: stored failures, run first and kept up to date; a new one is stored as soon as it is met, and again once
            it is small. None are stored without it.
        scope: the faults to use.
        baseline: failures that are known and accepted: they are told, and are no findings.
        until_covered: goes on past `max_examples` until every single fault was run.
        until_stale: ends the search once so many examples in a row showed no new failure, and no new way for a run to go.
        stop_on_first: ends the search soon after the first failure that is not accepted, a stored one included.
        exhaustive: instead of searching, runs every single fault at every site at the edges of its numbers.
        shard: the part of the campaign to run.
        checkpoint: where each result is written as it comes, and what is known already is taken from. Ended with the campaign.
    """
    space = Space.of(subject.clean, scope)
    executor = executor or Inline(subject, space)
    run = started(
        subject,
        CheckpointExecutor(executor, checkpoint) if checkpoint else executor,
        space,
        max_examples=shard.examples(max_examples),
        max_time_s=max_time_s,
        listener=listener,
        journal=Journal(corpus, subject, baseline, seed),
        stopwatch=checkpoint.stopwatch if checkpoint else Stopwatch(),
    )
    if stop_on_first:
        # Asked between batches, not told by the example that failed: the campaign is the same for any
        # number of workers.
        run.enough = lambda: len(run.found) > len(baseline.in_force(subject.name, run.found))
    course = _Course(space)
    try:
        course.stored = run_stored(run, executor, _stored_failures(corpus, checkpoint), scope)
        if exhaustive:
            _run_edges(run, course, shard)
        else:
            _draw(run, course, seed, shard, until_stale, until_covered=until_covered)
    except KeyboardInterrupt:
        course.interrupted = True
    end = Ending(
        seed, max_shrink_runs, baseline, corpus, course.stored, until_covered, course.planned, course.ended
    )
    campaign = concluded(run, course.space, end, interrupted=course.interrupted)
    if checkpoint is not None:
        checkpoint.end(interrupted=campaign.interrupted)
    return campaign


@dataclass
class _Course:
    """How far a search came. Filled in on the way, so that what was reached is known where Ctrl-C ends it.

    `planned` and `ended` as in `Ending`.
    """

    space: Space
    stored: Stored = field(default_factory=Stored)
    planned: int = 0
    ended: str = ""
    interrupted: bool = False


def _run_edges(run: CampaignState, course: _Course, shard: Shard) -> None:
    """Every single fault at the edges of its numbers, as far as it is of the shard's part."""
    plans = shard.part(edges(course.space))
    run.total = course.planned = len(plans)
    course.ended = drive(run, KnownPlans(iter(plans)), len(plans))


def _draw(
    run: CampaignState,
    course: _Course,
    seed: int,
    shard: Shard,
    until_stale: int | None,
    *,
    until_covered: bool,
) -> None:
    """What the usual strategy draws, and then, where that is asked for, the singles that it left over."""
    # Closed also after Ctrl-C: Hypothesis draws in a thread of its own.
    with closing(GroupTesting(course.space, shard.seed(seed), shard=shard)) as search:
        course.ended = drive(run, search, run.max_examples, until_stale)
        # Coverage counts the sites that faults led to; the strategy kept them in mind by itself.
        clean, course.space = course.space, course.space.extended(search.knowledge.counted)
        if until_covered:
            course.ended = _complete(run, course.space, search.knowledge.leading, shard, clean)


def started(
    subject: Subject,
    executor: Executor,
    space: Space,
    *,
    max_examples: int,
    max_time_s: float | None,
    listener: Listener,
    journal: Journal,
    stopwatch: Stopwatch,
) -> CampaignState:
    """A campaign before its first example; what is wrong without a fault is a failure of no fault."""
    run = CampaignState(subject, executor, max_examples, max_time_s, listener, journal.met, stopwatch)
    # As an example under no fault, so that no faulted example is blamed for what happens without any.
    run.note(examined(Plan(), subject.clean_outcome, space, subject.clean))
    return run


def _complete(
    run: CampaignState, space: Space, leading: Mapping[Site, Plan], shard: Shard, clean: Space
) -> str:
    """Every single fault that did not fire yet, however many there are, until the time is up.

    Of the sites of the `clean` run those of the shard's share; at the sites that only its own search came to, all.
    """
    others = {single for single in clean.singles if not shard.has(single)}
    plans = left_over(space, frozenset(run.singles | others), leading)
    run.total = run.examples + len(plans)
    return drive(run, KnownPlans(iter(plans)), run.total)


def _stored_failures(corpus: Corpus | None, checkpoint: Checkpoint | None) -> Sequence[Failure]:
    """Those that were stored when the campaign began."""
    if checkpoint is not None:
        return checkpoint.beginning.stored
    return corpus.load_all() if corpus is not None else ()


def run_stored(run: CampaignState, executor: Executor, failures: Sequence[Failure], scope: Scope) -> Stored:
    """Runs the stored failures of this scenario; what fails still is found without a search.

    Where faults were chosen, only those that consist of them.
    """
    stored = [one for one in failures if one.scenario == run.subject.name]
    if scope.rules is not None:
        stored = [one for one in stored if all(f.fault.kind in scope.by_kind for f in one.plan.faults)]
    proven: dict[str, Failure] = {}
    examples = executor.examine([failure.plan for failure in stored])
    for number, (failure, example) in enumerate(zip(stored, examples, strict=True)):
        run.note(example)
        if failure.fingerprint in example.fingerprints and is_proven(failure, run.subject):
            proven[failure.fingerprint] = failure
            # The stored plan itself, though less of it may have fired: the stored failure is then kept as it
            # is.
            run.found[failure.fingerprint] = failure.plan
        run.tell("corpus", number + 1, len(stored))
    return Stored(len(stored), proven)
