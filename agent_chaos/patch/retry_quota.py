"""The retry quota of an AWS client is full when a run begins.

botocore takes from it for every retry and gives back for every call that ends well. A client at module level outlives the
run, and once earlier runs had used the quota up, the client would raise where it retries in a fresh process.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any
from weakref import WeakKeyDictionary, ref

from agent_chaos.patch.imports import when_imported
from agent_chaos.runtime.active import replaying
from agent_chaos.runtime.seams import Changes, Seam

_QUOTA = "botocore.retries.quota"
_run_of: WeakKeyDictionary[object, Callable[[], object]] = WeakKeyDictionary()
"""The run that a quota was last asked in; neither is kept alive."""


def _no_run() -> None:
    return None


def _fill_at_start(module: ModuleType) -> None:
    quota: Any = vars(module)["RetryQuota"]
    actual = quota.acquire
    if actual.__module__ == __name__:  # a reload of botocore's package keeps its submodules
        return

    def acquire(self: Any, capacity_amount: int) -> bool:
        session = replaying()
        if session is not None and _run_of.get(self, _no_run)() is not session:
            # Both private: botocore has no way to ask for a new quota, and makes one with each client
            # alone.
            self._available_capacity = self._max_capacity
            _run_of[self] = ref(session)
        return bool(actual(self, capacity_amount))

    quota.acquire = acquire


def _apply(changes: Changes) -> None:
    when_imported(_QUOTA, _fill_at_start)


SEAM = Seam("retry quotas", _apply, needs=(f"{_QUOTA}:RetryQuota.acquire",))
