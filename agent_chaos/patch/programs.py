"""Programs that a run starts through other doors than `subprocess`: noted like those, or refused where they copy this process.

A thread that waits for a program in C does so from a function of this module, by which `runtime.outside` knows its wait.
"""

from __future__ import annotations

import functools
import io
import os
import subprocess
from collections.abc import Callable
from types import ModuleType
from typing import Any

from agent_chaos.patch.effects import note_program, refuse_copy
from agent_chaos.patch.imports import when_imported
from agent_chaos.runtime.active import replaying
from agent_chaos.runtime.seams import Changes, Seam

_WAITING = ("system", "wait", "wait3", "wait4", "waitpid", "waitid")


def _waiting(actual: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(actual)
    def wait(*args: Any, **kwargs: Any) -> Any:
        return actual(*args, **kwargs)

    return wait


class _Pipe(io.FileIO):
    """An end of a pipe to a program: whoever waits there does so in this module."""

    def readinto(self, buffer: Any, /) -> Any:
        return super().readinto(buffer)

    def readall(self) -> Any:
        return super().readall()

    # Each method only calls its base: what counts is that a frame of this module stands on the stack
    # meanwhile.
    def read(self, size: int | None = -1, /) -> Any:
        return super().read(-1 if size is None else size)

    def write(self, data: Any, /) -> Any:
        return super().write(data)


class _Io:
    """The module `io`, for `subprocess` alone, whose pipes are those of programs."""

    def __getattr__(self, name: str) -> Any:
        return getattr(io, name)

    def open(self, file: int, mode: str, buffering: int = -1) -> Any:
        """As `io.open`, for what `subprocess` opens by it: the ends of its pipes, in bytes."""
        # `subprocess` wraps text around these by itself.
        if replaying() is None or mode not in ("rb", "wb"):
            return open(file, mode, buffering)
        raw = _Pipe(file, mode)
        if buffering == 0:
            return raw
        size = buffering if buffering > 1 else io.DEFAULT_BUFFER_SIZE
        return io.BufferedReader(raw, size) if mode == "rb" else io.BufferedWriter(raw, size)


def _watch_multiprocessing(module: ModuleType) -> None:
    """`multiprocessing` starts its processes past every audit event."""
    actual = vars(module)["spawnv_passfds"]

    def spawnv_passfds(path: Any, args: Any, passfds: Any) -> int:
        session = replaying()
        if session is not None and not (session.finished or session.online):
            what = " ".join(os.fsdecode(arg) for arg in args)
            if "multiprocessing.forkserver" in what:
                # Its server lives on after the run, and copies itself with what that run has set.
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
    # The module's own name for `io`: to replace `io.open` would change all files of the process.
    changes.replace(subprocess, "io", _Io())
    when_imported("multiprocessing.util", _watch_multiprocessing)


SEAM = Seam("programs", _apply, needs=("multiprocessing.util:spawnv_passfds", "subprocess:io"))
