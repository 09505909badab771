"""`agent-chaos fuzz --continue`: searches, asks the provider what undecided plans lack, and searches again."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from agent_chaos.commands.fuzz import fuzz
from agent_chaos.commands.record_continue import continue_undecided
from agent_chaos.commands.resolve_options import FuzzOptions
from agent_chaos.errors import ExitCode
from agent_chaos.patch.network_namespace import isolate


def fuzz_and_continue(targets: list[str], asked: FuzzOptions, *, max_calls: int, yes: bool) -> int:
    """The exit code of the last search; at most so many live calls in all.

    Raises UsageError; RecordError where the provider cannot be asked.
    """
    code, left = _in_isolation(targets, asked), max_calls
    while left > 0 and code != ExitCode.INTERRUPTED:
        calls = continue_undecided(targets, asked.selector, yes=yes, max_calls=left)
        if not calls:
            break
        left, yes = left - calls, True  # it was asked once
        code = _in_isolation(targets, asked)
    return code


def _in_isolation(targets: list[str], asked: FuzzOptions) -> int:
    """Searches in a process that has no network: this one goes online, and cannot take that back once it cut itself off."""
    # Spawned: a fork would bring this process's open connections to the provider along.
    with ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=isolate) as pool:
        return pool.submit(fuzz, targets, asked).result()
