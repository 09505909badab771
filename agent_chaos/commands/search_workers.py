"""In how many processes `fuzz` runs, and what each of them starts with."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from time import process_time

from agent_chaos.commands.output import silence_output
from agent_chaos.commands.prepare import Rehearsals, scenarios
from agent_chaos.commands.resolve_options import Chosen, FuzzOptions
from agent_chaos.faults.plan import Plan
from agent_chaos.patch.files.copies import keep_real
from agent_chaos.search.executors.executor import Executor
from agent_chaos.search.executors.pool_executor import PoolExecutor
from agent_chaos.search.executors.pool_names import named_pool
from agent_chaos.search.executors.processes import Processes
from agent_chaos.search.selection import judges
from agent_chaos.trial.rehearsal import Rehearsal

_WORTH_S = 20.0
"""Seconds of CPU from which more processes, each of which imports the agent first, are faster than one."""
_FOR_EACH_CORE = 4
"""Processes that run at most: more only wait for each other, and each holds an agent in memory."""


def most_processes() -> int:
    """How many processes a search is given at most on this machine."""
    return _FOR_EACH_CORE * (os.cpu_count() or 1)


@contextmanager
def searched_in(rehearsal: Rehearsal, asked: FuzzOptions, wanted: Chosen) -> Iterator[Executor | None]:
    """What runs the examples: a pool or several processes, ended with the block; None for this process."""
    executor = _executor(rehearsal, asked, wanted)
    if executor is None:
        yield None
        return
    try:
        yield executor
    finally:
        executor.close()


def _executor(rehearsal: Rehearsal, asked: FuzzOptions, wanted: Chosen) -> Executor | None:
    named = tuple(sorted(wanted.judges))
    made = partial(_subject, rehearsal.target, asked.allow_real_tools, named)
    if asked.executor:
        pool = named_pool(asked.executor)
        return PoolExecutor(pool.opens, made, wanted.scope, deadly=pool.deadly)
    many = min(asked.workers, most_processes()) or _worthwhile(rehearsal, wanted.max_examples)
    return Processes(made, wanted.scope, many) if many > 1 else None


def _worthwhile(rehearsal: Rehearsal, examples: int) -> int:
    # CPU seconds, since other processes of the machine would make a short run look long.
    started = process_time()
    rehearsal.trial(Plan())
    needed_s = examples * (process_time() - started)
    return (os.cpu_count() or 1) if needed_s > _WORTH_S else 1


def _subject(target: str, allow_real_tools: bool, named: tuple[str, ...]) -> Rehearsal:
    """The scenario, made ready in another process."""
    if allow_real_tools:
        keep_real()
    with silence_output():
        (loaded,) = scenarios([target], [])
    return Rehearsals(allow_real_tools=allow_real_tools, judges=judges(only=named)).rehearsed(loaded)
