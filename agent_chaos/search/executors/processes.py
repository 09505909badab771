"""Runs tasks in several processes of this machine, supervised: one that dies or hangs costs its task, not the campaign.

The task that a process died of is a failure of the agent, with its plan; another process takes the dead one's place.
"""

from __future__ import annotations

import signal
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from time import monotonic

from agent_chaos.errors import HarnessError
from agent_chaos.faults.plan import Plan
from agent_chaos.oracles.oracle import Violation
from agent_chaos.oracles.verdict import Outcome, Verdict
from agent_chaos.patch.files.copies import remove_copies_of
from agent_chaos.search.example import Example
from agent_chaos.search.executors.workers import (
    Alive,
    SubjectFactory,
    Task,
    TaskExecutor,
    TaskResult,
    WorkerFailed,
    work,
)
from agent_chaos.search.judgements import Judged, only_everyday
from agent_chaos.search.scope import Scope
from agent_chaos.search.shrink import ShrinkResult, ShrinkTask
from agent_chaos.trace.trace import Trace

HANGS_AFTER_S = 120.0
"""Real seconds without a sign of life; a run has a real-time stop of its own, well below."""
_STARTS_WITHIN_S = 600.0
_LOOKS_EACH_S = 1.0
_AHEAD = 2
"""Tasks that a process is given at once: with the next one at hand it goes on while the campaign takes in the last result."""
_ADVICE = (
    "Look for what ends or blocks the whole process: os._exit, a crash in C code, a loop that holds the lock."
)


@dataclass
class _Worker:
    """A process, the tasks it has, by number, of which it does the first, and for how long it has given no sign of life."""

    process: SpawnProcess
    connection: Connection
    tasks: deque[tuple[int, Task]] = field(default_factory=deque)
    silent_s: float = 0.0
    ready: bool = False

    def kill(self) -> None:
        self.connection.close()
        # Not `terminate`: workers ignore SIGTERM.
        self.process.kill()

    def end(self) -> None:
        """Kills the process, waits for its end, and removes what it could not."""
        self.kill()
        self.process.join()
        assert self.process.pid is not None, "it was started"
        remove_copies_of(self.process.pid)


class Processes(TaskExecutor):
    """`many` processes that each make the subject anew."""

    def __init__(
        self, made: SubjectFactory, scope: Scope, many: int, *, hangs_after_s: float = HANGS_AFTER_S
    ) -> None:
        self._made = made
        self._scope = scope
        self.many = many
        self._hangs_after_s = hangs_after_s
        self._workers: list[_Worker] = []

    def close(self) -> None:
        for worker in self._workers:
            worker.kill()
        for worker in self._workers:
            worker.end()
        self._workers = []

    def _results(self, tasks: Sequence[Task]) -> Iterator[TaskResult]:
        """Every task's result, in the order of the tasks."""
        left, done, wanted = deque(enumerate(tasks)), dict[int, TaskResult](), 0
        try:
            while wanted < len(tasks):
                self._hand_out(left)
                for number, result in self._heard(left):
                    done[number] = result
                # In the order of the tasks, so that the number of workers changes nothing about what a
                # strategy is told, and when.
                while wanted in done:
                    yield done.pop(wanted)
                    wanted += 1
        finally:
            self._drop_unfinished()

    def _drop_unfinished(self) -> None:
        """Ends the processes whose answers nobody waits for any more, or they would be taken for those of later tasks."""
        for worker in [one for one in self._workers if one.tasks]:
            self._workers.remove(worker)
            worker.end()

    def _hand_out(self, left: deque[tuple[int, Task]]) -> None:
        while left and len(self._workers) < self.many and all(one.tasks for one in self._workers):
            self._workers.append(self._started())
            self._give(self._workers[-1], left.popleft())
        for worker in self._workers:
            if left and not worker.tasks:
                self._give(worker, left.popleft())
        # After all have one. No task waits behind one that takes long, as shrinking does, or for a process that still starts.
        for worker in self._workers:
            if left and worker.ready and len(worker.tasks) < _AHEAD and isinstance(left[0][1], Plan):
                self._give(worker, left.popleft())

    def _started(self) -> _Worker:
        # Not `fork`: a copy of a process that is patched, and has threads, locks and a clock of ours, is no
        # place for a run.
        context = get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=work, args=(theirs, self._made, self._scope), daemon=False)
        process.start()
        # Here, or the end of a process that died would never be told: a pipe ends when its last writer has
        # closed it.
        theirs.close()
        return _Worker(process, ours)

    def _give(self, worker: _Worker, task: tuple[int, Task]) -> None:
        if not worker.tasks:
            worker.silent_s = 0.0
        worker.tasks.append(task)
        # A process that has just died is told by `_said`, with what it was doing.
        with suppress(BrokenPipeError, ConnectionResetError):
            worker.connection.send(task[1])

    def _heard(self, left: deque[tuple[int, Task]]) -> Iterator[tuple[int, TaskResult]]:
        """What workers say; for those that can say nothing any more, what became of them."""
        busy = {worker.connection: worker for worker in self._workers if worker.tasks}
        began_s = monotonic()
        heard = wait(list(busy), timeout=_LOOKS_EACH_S)
        # No more than was waited: where the whole machine stood still meanwhile, no process could have said anything.
        passed_s = min(monotonic() - began_s, _LOOKS_EACH_S)
        for worker in busy.values():
            worker.silent_s += passed_s
        for connection in heard:
            assert isinstance(connection, Connection)
            yield from self._said(busy[connection], left)
        for worker in list(self._workers):
            allowed_s = self._hangs_after_s if worker.ready else _STARTS_WITHIN_S
            if worker.tasks and worker.silent_s > allowed_s:
                yield self._lost(worker, f"gave no sign of life for {allowed_s:.0f} s", left)

    def _said(self, worker: _Worker, left: deque[tuple[int, Task]]) -> Iterator[tuple[int, TaskResult]]:
        try:
            said = worker.connection.recv()
        except (EOFError, OSError):
            worker.process.join(timeout=5)
            yield self._lost(worker, _ended(worker.process.exitcode), left)
            return
        worker.silent_s, worker.ready = 0.0, True
        if isinstance(said, WorkerFailed):
            raise HarnessError(f"a worker process failed: {said.reason}")
        if not isinstance(said, Alive):
            number, _ = worker.tasks.popleft()
            yield number, said

    def _lost(self, worker: _Worker, how: str, left: deque[tuple[int, Task]]) -> tuple[int, TaskResult]:
        """The result of what a process died of; what it had not begun is left for another one."""
        self._workers.remove(worker)
        worker.end()
        if not worker.ready:
            raise HarnessError(
                f"a worker process {how} before it could run anything; --workers 1 does without"
            )
        number, task = worker.tasks.popleft()
        left.extendleft(reversed(worker.tasks))
        return number, lost(task, how)


def _ended(code: int | None) -> str:
    if code is None or code >= 0:
        return f"ended with {code}"
    try:
        return f"was ended by {signal.Signals(-code).name}"
    except ValueError:  # a real-time signal
        return f"was ended by signal {-code}"


def lost(task: Task, how: str) -> TaskResult:
    """The result of a task whose process is gone: its plan is a failure, and is as small as it is."""
    plan = task.plan if isinstance(task, ShrinkTask) else task
    fingerprint = task.fingerprint if isinstance(task, ShrinkTask) else "lost_process:agent"
    oracle, _, subject = fingerprint.partition(":")
    reason = f"the process that ran the agent {how}"
    violation = Violation(oracle=oracle, subject=subject, reason=reason, advice=_ADVICE)
    if isinstance(task, Plan):
        struck = frozenset((one.fault.kind, one.site.place) for one in plan.faults)
        judged = Judged(
            struck, Verdict.FAIL, reason, "raised", only_everyday(one.fault for one in plan.faults)
        )
        return Example(plan, Verdict.FAIL, (violation,), reason, (), (), how, 0.0, 0, judged)
    outcome = Outcome(Verdict.FAIL, Trace(plan, (), 0.0), (violation,), rule=oracle, reason=reason)
    return ShrinkResult(plan, outcome, False, 0, 1, False, {})
