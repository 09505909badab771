"""Offline, the modules of agents are imported on the clock that their runs go on with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from agent_chaos.patch.time.kept_times import import_noted
from agent_chaos.runtime.active import running
from agent_chaos.runtime.process_time import virtual_while_imported
from agent_chaos.runtime.seams import Changes, Seam

_offline: list[bool] = []


@contextmanager
def clocks_virtual_at_import() -> Iterator[None]:
    """For the time of an import of users' files; a process that records imports them on the real clock, as it runs them."""
    if not _offline or running() is not None:
        yield
        return
    with virtual_while_imported(), import_noted():
        yield


def _apply(changes: Changes) -> None:
    _offline.append(True)
    changes.on_undo(_offline.clear)


SEAM = Seam("clocks of imports", _apply)
