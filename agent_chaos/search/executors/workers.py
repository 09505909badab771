"""One process that runs tasks for a campaign: started by `spawn`, it makes the subject anew and answers one task at a time.

It says before every run that it is alive, so that one that hangs is told from one that shrinks for long.
"""

from __future__ import annotations

import io
import signal
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from multiprocessing.connection import Connection

from agent_chaos.containment import Contained
from agent_chaos.faults.plan import Plan
from agent_chaos.oracles.verdict import Outcome
from agent_chaos.patch.network_namespace import isolate
from agent_chaos.search.example import Example
from agent_chaos.search.executors.executor import Executor
from agent_chaos.search.executors.inline import Inline
from agent_chaos.search.scope import Scope
from agent_chaos.search.shrink import ShrinkResult, ShrinkTask
from agent_chaos.search.space import Space
from agent_chaos.search.subject import Subject

Task = Plan | ShrinkTask
TaskResult = Example | ShrinkResult
SubjectFactory = Callable[[], Subject]
"""Makes the subject in a worker; it is pickled, so it is a module's function, or a partial of one."""


@dataclass(frozen=True, slots=True)
class Alive:
    """The process is ready, or a run begins."""


@dataclass(frozen=True, slots=True)
class WorkerFailed:
    """agent-chaos itself failed, and how."""

    reason: str


class TaskExecutor(ABC):
    """An executor that sends plans and shrinking to workers alike, as tasks."""

    def examine(self, plans: Sequence[Plan]) -> Iterator[Example]:
        for result in self._results(plans):
            assert isinstance(result, Example)
            yield result

    def shrink(self, tasks: Sequence[ShrinkTask]) -> Iterator[ShrinkResult]:
        for result in self._results(tasks):
            assert isinstance(result, ShrinkResult)
            yield result

    @abstractmethod
    def _results(self, tasks: Sequence[Task]) -> Iterator[TaskResult]:
        """Every task's result, in the order of the tasks."""


class _Pulsing:
    """A subject that says before each run that it is alive."""

    def __init__(self, subject: Subject, connection: Connection) -> None:
        self._subject = subject
        self._connection = connection
        self.name = subject.name
        self.target = subject.target
        self.cassette_digest = subject.cassette_digest
        self.versions = subject.versions
        self.tools_run_for_real = subject.tools_run_for_real
        self.clean = subject.clean
        self.clean_outcome = subject.clean_outcome

    def trial(self, plan: Plan) -> Outcome:
        self._connection.send(Alive())
        return self._subject.trial(plan)


def work(connection: Connection, made: SubjectFactory, scope: Scope) -> None:
    """Answers tasks until the connection ends. What agents print is lost; Ctrl-C and SIGTERM are the campaign's business."""
    # A terminal sends Ctrl-C to every process of the group, and a worker that it ended would count as a
    # crash of the agent. So does a service manager with SIGTERM.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    isolate()
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        bench = _made(connection, made, scope)
        if isinstance(bench, WorkerFailed):
            connection.send(bench)
            return
        connection.send(Alive())
        while True:
            try:
                task = connection.recv()
            except EOFError:
                return
            connection.send(answered(lambda: bench, task))


def _made(connection: Connection, made: SubjectFactory, scope: Scope) -> Inline | WorkerFailed:
    with Contained() as contained:
        # What is raised here is held by `Contained`, and told by the line after the block.
        subject = _Pulsing(made(), connection)
        return Inline(subject, Space.of(subject.clean, scope))
    return WorkerFailed(f"{type(contained.error).__name__}: {contained.error}")


def answered(bench: Callable[[], Executor], task: Task) -> TaskResult | WorkerFailed:
    """The result of a task, or what went wrong around it."""
    # What goes wrong around a run is the campaign's error: the worker stays, and the campaign says so.
    with Contained() as contained:
        return _done(bench(), task)
    return WorkerFailed(f"{type(contained.error).__name__}: {contained.error}")


def _done(bench: Executor, task: Task) -> TaskResult:
    if isinstance(task, ShrinkTask):
        return next(bench.shrink([task]))
    return next(bench.examine([task]))
