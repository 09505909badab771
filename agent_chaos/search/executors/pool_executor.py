"""Runs tasks in any `concurrent.futures.Executor`: of the standard library, of Dask, of a cluster.

What travels is how to make the subject, plans, and small results. A pool that breaks is opened again, and the first task
that it left unanswered runs alone: one that a pool breaks of by itself is a failure of the agent, with its plan.
"""

from __future__ import annotations

import pickle
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Future
from concurrent.futures import Executor as Pool
from dataclasses import dataclass
from multiprocessing import current_process
from multiprocessing.util import Finalize
from weakref import ref

from agent_chaos.errors import HarnessError
from agent_chaos.search.executors.processes import Processes, lost
from agent_chaos.search.executors.workers import (
    SubjectFactory,
    Task,
    TaskExecutor,
    TaskResult,
    WorkerFailed,
    answered,
)
from agent_chaos.search.scope import Scope


class PoolExecutor(TaskExecutor):
    """A pool whose workers each make the subject anew.

    Args:
        opens: opens the pool, and opens it again where it broke.
        deadly: what a pool raises for a task that its worker died of, where it goes on with the others.
    """

    def __init__(
        self,
        opens: Callable[[], Pool],
        made: SubjectFactory,
        scope: Scope,
        *,
        deadly: tuple[type[BaseException], ...] = (),
    ) -> None:
        self._opens = opens
        self._pool = opens()
        # Pickled once: workers keep what they made of it, and know it again by its bytes.
        self._bench = pickle.dumps((made, scope))
        self._deadly = deadly

    def close(self) -> None:
        self._pool.shutdown()

    def _results(self, tasks: Sequence[Task]) -> Iterator[TaskResult]:
        """Every task's result, in the order of the tasks."""
        left = deque(tasks)
        while left:
            try:
                for future in [self._submitted(task) for task in left]:
                    yield self._answer(left[0], future)
                    # Only once it is answered: where the pool breaks, it is the first of those to run again.
                    left.popleft()
            except BrokenExecutor:
                # Every task of a pool fails with it; run alone, the first shows whether it broke the pool.
                self._open_again()
                yield self._alone(left.popleft())

    def _alone(self, task: Task) -> TaskResult:
        try:
            return self._answer(task, self._submitted(task))
        except BrokenExecutor:
            self._open_again()
            return lost(task, "died")

    def _submitted(self, task: Task) -> Future[TaskResult | WorkerFailed]:
        return self._pool.submit(run_task, self._bench, task)

    def _answer(self, task: Task, future: Future[TaskResult | WorkerFailed]) -> TaskResult:
        try:
            said = future.result()
        except BrokenExecutor:
            # An `Exception`, too, but no worker's failure: whoever asked opens the pool again.
            raise
        except self._deadly:
            return lost(task, "died")
        except Exception as exc:
            raise HarnessError(f"--executor: a worker failed: {type(exc).__name__}: {exc}") from exc
        if isinstance(said, WorkerFailed):
            raise HarnessError(f"--executor: a worker failed: {said.reason}")
        return said

    def _open_again(self) -> None:
        self._pool.shutdown(wait=False)
        self._pool = self._opens()


def run_task(bench: bytes, task: Task) -> TaskResult | WorkerFailed:
    """One task in a worker, done in a process that the worker's thread keeps for it.

    Not in the worker's own: a run patches clocks and refuses connections, and a worker that talks to a cluster beside it
    would be in its way.
    """
    return answered(lambda: _bench(bench), task)


def _bench(pickled: bytes) -> Processes:
    kept: _Kept | None = getattr(_of_thread, "kept", None)
    if kept is None or kept.pickled != pickled:
        if kept is not None:
            kept.bench.close()
        made: SubjectFactory
        scope: Scope
        made, scope = pickle.loads(pickled)  # noqa: S301 - sent by the campaign, to workers that run its code anyway
        # some clusters mark their workers as daemons, which may not start processes
        current_process().daemon = False
        _of_thread.kept = kept = _Kept(pickled, Processes(made, scope, 1))
        # before multiprocessing waits, at the exit of this process, for its children to end
        Finalize(None, _close, args=(ref(kept.bench),), exitpriority=1)
    return kept.bench


def _close(bench: ref[Processes]) -> None:
    if (alive := bench()) is not None:
        alive.close()


@dataclass(frozen=True)
class _Kept:
    pickled: bytes
    bench: Processes


_of_thread = threading.local()
