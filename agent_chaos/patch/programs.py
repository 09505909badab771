"""Programs that a run starts through other doors than `subprocess`: noted like those, or refused where they copy this process.

A thread that waits for a program in C does so from a function of this module, by which `runtime.outside` knows its wait.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from types import ModuleType
from typing import Any

from agent_chaos.patch.effects import note_program, refuse_copy
from agent_chaos.patch.imports import when_imported
from agent_chaos.runtime.active import replaying
from agent_chaos.runtime.seams import Changes, Seam

_WAITING = ("system", "wait", "waitpid")


def _waiting(actual: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(actual)
    def wait(*args: Any, **kwargs: Any) -> Any:
        return actual(*args, **kwargs)

    return wait


def _watch_multiprocessing(module: ModuleType) -> None:
    """`multiprocessing` starts its processes past every audit event."""
    actual = vars(module)["spawnv_passfds"]

    def spawnv_passfds(path: Any, args: Any, passfds: Any) -> int:
        session = replaying()
        if session is not None and not (session.finished or session.online):
            what = " ".join(os.fsdecode(arg) for arg in args)
            if "multiprocessing.forkserver" in what:
                raise refuse_copy(session, "multiprocessing's 'forkserver'")
            if "multiprocessing.spawn" in what:
                note_program(session, "a process of multiprocessing ('spawn')")
        pid: int = actual(path, args, passfds)
        return pid

    vars(module)["spawnv_passfds"] = spawnv_passfds


def _apply(changes: Changes) -> None:
    made = {name: _waiting(vars(os)[name]) for name in _WAITING if name in vars(os)}
    changes.rebind({vars(os)[name]: function for name, function in made.items()})
    for name, function in made.items():
        changes.replace(os, name, function)
    when_imported("multiprocessing.util", _watch_multiprocessing)


SEAM = Seam("programs", _apply, needs=("multiprocessing.util:spawnv_passfds",))
