"""Pools by the names of `--executor`: `dask`, `dask:ADDRESS`, or `module:factory`."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from concurrent.futures import Executor as Pool
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from agent_chaos.errors import UsageError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Named:
    """How to open a pool, and what it raises for a task that its worker died of while the others go on."""

    opens: Callable[[], Pool]
    deadly: tuple[type[BaseException], ...] = ()


def named_pool(name: str) -> Named:
    """The pool of a name; it is not opened yet. Raises UsageError for a name that leads nowhere."""
    kind, _, rest = name.partition(":")
    if kind == "dask":
        distributed = _imported("distributed", "pip install 'agent-chaos[dask]'")
        return Named(partial(_Dask, distributed, rest), (distributed.KilledWorker,))
    factory = getattr(_imported(kind, "it is looked for where Python imports from"), rest, None)
    if not callable(factory):
        raise UsageError(
            f"--executor {name}: expected dask, dask:ADDRESS, or MODULE:FUNCTION that opens a pool"
        )
    return Named(partial(_opened, name, factory))


def _imported(module: str, hint: str) -> Any:
    try:
        return importlib.import_module(module)
    except (ImportError, ValueError) as exc:
        raise UsageError(f"--executor: no module {module!r} ({exc}); {hint}") from exc


def _opened(name: str, factory: Callable[[], object]) -> Pool:
    pool = factory()
    if not isinstance(pool, Pool):
        kind = type(pool).__name__
        raise UsageError(f"--executor {name}: expected a concurrent.futures.Executor, got {kind}")
    return pool


class _Dask(Pool):
    """A Dask cluster: the one at an address, or one on this machine that ends with it."""

    def __init__(self, distributed: Any, address: str) -> None:
        here = {"n_workers": os.cpu_count(), "threads_per_worker": 1, "dashboard_address": ":0"}
        self._client = distributed.Client(address) if address else distributed.Client(**here)
        # equal calls are one to Dask unless they are said to differ, and a confirming run is to run
        self._executor = self._client.get_executor(pure=False)

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        future: Future[T] = self._executor.submit(fn, *args, **kwargs)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Leaves the cluster, and ends one that was started for it."""
        self._client.close()
