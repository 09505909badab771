"""Runs what is not known yet, and writes it down. A search that is told the same results again takes the same way.

The search is a function of seed, recording and results, so nothing of its state has to be kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from agent_chaos.faults.plan import Plan
from agent_chaos.search.checkpoints.checkpoint import Checkpoint
from agent_chaos.search.checkpoints.kept_results import KeptShrink
from agent_chaos.search.example import Example
from agent_chaos.search.executors.executor import Executor
from agent_chaos.search.shrink import ShrinkResult, ShrinkTask


class CheckpointExecutor:
    """An executor around another one: what the checkpoint has is taken from there."""

    def __init__(self, executor: Executor, checkpoint: Checkpoint) -> None:
        self._executor = executor
        self._checkpoint = checkpoint
        self._ran = False

    def examine(self, plans: Sequence[Plan]) -> Iterator[Example]:
        known = {plan.key: self._known(plan) for plan in plans}
        fresh = self._executor.examine([plan for plan in plans if known[plan.key] is None])
        for plan in plans:
            example = known[plan.key]
            if example is None:
                # The executor gives them in the order of the plans that it got, so that the next fresh one is
                # this one's.
                example = next(fresh)
                self._ran = True
                self._checkpoint.add_example(example)
            # Until the first plan that really runs, time spent on reading results is none of the
            # campaign's.
            elif not self._ran:
                self._checkpoint.stopwatch.begin_again()
            yield example

    def shrink(self, tasks: Sequence[ShrinkTask]) -> Iterator[ShrinkResult]:
        known = [self._shrunk(task) for task in tasks]
        wanted = [
            showing(kept) if kept is not None else task for task, kept in zip(tasks, known, strict=True)
        ]
        for task, kept, result in zip(tasks, known, self._executor.shrink(wanted), strict=True):
            if kept is None:
                self._checkpoint.add_shrink(task, result)
                yield result
            else:
                yield as_kept(kept, result)

    def close(self) -> None:
        self._executor.close()

    def _known(self, plan: Plan) -> Example | None:
        kept = self._checkpoint.kept
        return kept.example(plan.key) if kept is not None else None

    def _shrunk(self, task: ShrinkTask) -> KeptShrink | None:
        kept = self._checkpoint.kept
        return kept.shrunk(task) if kept is not None else None


def showing(kept: KeptShrink) -> ShrinkTask:
    """The task of running once what was made small before."""
    failed = {kept.plan.key: frozenset((kept.fingerprint,))}
    return ShrinkTask(kept.plan, kept.fingerprint, 0, failed)


def as_kept(kept: KeptShrink, again: ShrinkResult) -> ShrinkResult:
    """What shrinking said then, with the run that shows it now."""
    return replace(
        again,
        plan=kept.plan,
        smallest=kept.smallest,
        checks=kept.checks,
        runs=kept.runs,
        reproduced=kept.reproduced,
        others=dict(kept.others),
        steps=kept.steps,
        came_back=kept.came_back,
    )
