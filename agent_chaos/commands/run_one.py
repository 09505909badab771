"""Runs one scenario for `agent-chaos run`, in this process or in a worker, and says what came of it as plain values."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from multiprocessing import get_context

from agent_chaos.commands.output import silence_output
from agent_chaos.commands.prepare import Rehearsals, loaded_scenarios
from agent_chaos.errors import AgentChaosError
from agent_chaos.patch.files.copies import keep_real
from agent_chaos.run.live import run_live
from agent_chaos.run.run import FinishedRun, artefacts, run_rehearsed
from agent_chaos.scenario.loader import Loaded
from agent_chaos.scenario.selector import EVERY, Selector


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for: the same in every process, so that each finds the same scenarios in the same order."""

    targets: tuple[str, ...]
    recursive: bool
    glob: str
    seed: int | None
    events: bool
    allow_real_tools: bool
    live: bool = False
    selector: Selector = EVERY

    def load(self, codes: list[int]) -> list[Loaded]:
        """As `loaded_scenarios`. Raises UsageError."""
        if self.live or self.allow_real_tools:
            keep_real()
        return loaded_scenarios(
            list(self.targets), codes, recursive=self.recursive, glob=self.glob, wanted=self.selector
        )


@dataclass(frozen=True, slots=True)
class RunEnd:
    """What came of one scenario: the files of its run, the report first, or why there was none."""

    files: dict[str, str] = field(default_factory=dict)
    error: str = ""
    exit_code: int = 0

    @property
    def report(self) -> str:
        """The report as JSON."""
        return next(text for name, text in self.files.items() if name.endswith("/report.json"))


def one_by_one(wanted: Wanted, every: Iterable[Loaded]) -> Generator[RunEnd, None, None]:
    """Runs scenarios in this process, each when it is asked for."""
    stage = Rehearsals(allow_real_tools=wanted.allow_real_tools)
    return (_done(wanted, stage, one) for one in every)


def side_by_side(wanted: Wanted, every: Iterable[Loaded], workers: int) -> Generator[RunEnd, None, None]:
    """Runs scenarios in several processes, and gives them in their order. What is not asked for any more is dropped."""
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        # By reference: a scenario holds functions and clients, which cannot be sent to another process.
        waiting: list[Future[RunEnd]] = [pool.submit(_in_worker, wanted, one.ref) for one in every]
        try:
            for future in waiting:
                yield future.result()
        finally:
            for future in waiting:
                future.cancel()


def _in_worker(wanted: Wanted, ref: str) -> RunEnd:
    every, stage = _prepared(wanted)
    return _done(wanted, stage, every[ref])


# A worker runs many scenarios, and loads them all once.
@cache
def _prepared(wanted: Wanted) -> tuple[dict[str, Loaded], Rehearsals]:
    with silence_output():
        every = {one.ref: one for one in wanted.load([])}
    return every, Rehearsals(allow_real_tools=wanted.allow_real_tools)


def _done(wanted: Wanted, stage: Rehearsals, loaded: Loaded) -> RunEnd:
    try:
        done = _ran(wanted, stage, loaded)
        return RunEnd(artefacts(done, events=wanted.events))
    except AgentChaosError as exc:
        return RunEnd(error=str(exc), exit_code=exc.exit_code)


def _ran(wanted: Wanted, stage: Rehearsals, loaded: Loaded) -> FinishedRun:
    if wanted.live:
        with silence_output():
            return run_live(loaded.scenario, seed=wanted.seed)
    rehearsal = stage.rehearsed(loaded)
    with silence_output():
        return run_rehearsed(rehearsal, seed=wanted.seed)
