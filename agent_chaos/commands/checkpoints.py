"""The checkpoints of campaigns: one in the folder of each, found again for `--resume` and `merge`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from agent_chaos.commands.resolve_options import Chosen
from agent_chaos.errors import UsageError
from agent_chaos.scenario.folders import RUNS, run_folder
from agent_chaos.search.checkpoints.beginning import Beginning
from agent_chaos.search.checkpoints.checkpoint import FILE, Checkpoint
from agent_chaos.search.checkpoints.kept_results import KeptResults
from agent_chaos.search.corpus.failure_files import Corpus
from agent_chaos.search.failure import Failure
from agent_chaos.trial.rehearsal import Rehearsal


def checkpoint_of(rehearsal: Rehearsal, wanted: Chosen, corpus: Corpus | None, *, resume: bool) -> Checkpoint:
    """A new one; with `resume` the latest of the same scenario and shard, and a new one where there is none.

    Raises:
        UsageError: the latest is of another recording, agent, seed or selection, so that its results say nothing now.
    """
    now = beginning_of(rehearsal, wanted, tuple(corpus.load_all()) if corpus is not None else ())
    earlier = _latest(now) if resume else None
    if earlier is None:
        return Checkpoint.begun(run_folder(RUNS, now.scenario), now)
    if differs := list(earlier.beginning.differences(now)):
        # It holds its file open until then.
        earlier.close()
        raise UsageError(
            f"{earlier.path}: cannot be gone on with: {'; '.join(differs)}; fuzz without --resume"
        )
    return earlier


def beginning_of(rehearsal: Rehearsal, wanted: Chosen, stored: tuple[Failure, ...]) -> Beginning:
    """What the results of a search of a scenario depend on, as everything is now."""
    return Beginning.of(
        rehearsal,
        seed=wanted.seed,
        max_examples=wanted.max_examples,
        shard=str(wanted.shard),
        selection=wanted.selection,
        stored=stored,
    )


def _latest(now: Beginning) -> Checkpoint | None:
    # Folders are named by their second, so that the latest comes first. The pattern also finds a scenario
    # whose name only begins alike, which is why the beginning is compared.
    for path in sorted(RUNS.glob(f"*-{now.scenario}*/{FILE}"), reverse=True):
        checkpoint = Checkpoint.taken_up(path)
        found = checkpoint.beginning
        if (found.scenario, found.target, found.shard) == (now.scenario, now.target, now.shard):
            return checkpoint
        checkpoint.close()
    return None


def shards_in(folders: list[Path]) -> dict[str, list[KeptResults]]:
    """The checkpoints in folders, however deep, by the targets of their scenarios. Raises UsageError where there is none."""
    found: dict[str, list[KeptResults]] = {}
    # Resolved: a folder that is given twice, or inside of another, must not count its shard twice.
    for path in sorted({path.resolve() for path in _files(folders)}):
        kept = KeptResults(path)
        found.setdefault(kept.beginning.target, []).append(kept)
    if not found:
        named = ", ".join(map(str, folders))
        raise UsageError(f"{named}: no checkpoint in there; give folders that 'fuzz --shard' left in {RUNS}/")
    return found


def _files(folders: list[Path]) -> Iterator[Path]:
    for folder in folders:
        if not folder.is_dir():
            raise UsageError(f"{folder}: not a folder")
        yield from folder.rglob(FILE)
