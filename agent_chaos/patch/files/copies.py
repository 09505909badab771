"""Has the files that a run changes be a throw-away copy, and forgets the copy when the run is over."""

from __future__ import annotations

import builtins
import glob
import io
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from multiprocessing import parent_process
from multiprocessing.util import Finalize
from types import ModuleType
from typing import Any

from agent_chaos.patch.files import actual, databases, names, opens
from agent_chaos.patch.files.overlay import OVERLAY, name_of_copies
from agent_chaos.patch.files.redirect import copying
from agent_chaos.patch.imports import when_imported
from agent_chaos.runtime.seams import Changes, Seam
from agent_chaos.runtime.session import Session

POSSIBLE = sys.platform != "win32"
"""Whether this system has paths that a copy can be found by: drives have no place in a folder."""

_SETS: tuple[set[Any], ...] = (
    os.supports_dir_fd,
    os.supports_fd,
    os.supports_follow_symlinks,
    os.supports_effective_ids,
)


@contextmanager
def files_copied(session: Session) -> Iterator[None]:
    """For the time of a run; what it changed is undone at the end."""
    OVERLAY.begin()
    try:
        yield
    finally:
        if _looking:
            # Assertions run when the run is over, and are to find the files that it wrote.
            OVERLAY.looked_at = session
        else:
            _forget()


@contextmanager
def files_copied_at_import() -> Iterator[None]:
    """For the time of an import of users' files, where the process is offline; what it changed is there for every run."""
    if OVERLAY.importing or not _state["stands"] or _state["real"] or copying() is not None:
        yield
        return
    OVERLAY.begin()
    OVERLAY.importing = True
    try:
        yield
    finally:
        OVERLAY.importing = False
        OVERLAY.keep()


def keep_real() -> None:
    """Has imports change real files: what is imported is to run for real."""
    _state["real"] = True


def remove_copies_of(process: int) -> None:
    """Removes what a process that was killed has left."""
    place = tempfile.gettempdir()
    for name in actual.names_in(place):
        path = os.path.join(place, name)
        # In a folder of everybody's: a link that somebody else laid there must not lead us to other files.
        if name.startswith(name_of_copies(process)) and actual.is_own_folder(path):
            with suppress(OSError):
                actual.remove_tree(path)


def changed_at_import() -> frozenset[str]:
    """The files that imports changed in a copy, for people."""
    return frozenset(OVERLAY.changed_at_import)


_state = {"stands": False, "real": False}


@contextmanager
def files_looked_at() -> Iterator[None]:
    """Keeps what a run within the block has changed until the end of the block: for assertions, which look at it too."""
    _looking.append(True)
    try:
        yield
    finally:
        _looking.pop()
        OVERLAY.looked_at = None
        _forget()


_looking: list[bool] = []


def _forget() -> None:
    # Nothing to do after most runs, which change no file.
    if OVERLAY.touched:
        OVERLAY.forget(keep=databases.restored())


def _apply(changes: Changes) -> None:
    if not POSSIBLE:
        return
    stand_for = {actual.functions[name]: function for name, function in names.redirected().items()}
    stand_for[actual.functions["open"]] = opens.os_open_redirected
    for real, ours in stand_for.items():
        changes.replace(os, real.__name__, ours)
        _as_able(changes, real, ours)
    for module in (builtins, io):
        changes.replace(module, "open", opens.open_redirected)
    changes.rebind(stand_for | {actual.open_file: opens.open_redirected})
    databases.stand_before(changes)
    _replace_bound(changes, stand_for)
    # By descriptors a folder is emptied past every path.
    changes.replace(shutil, "_use_fd_functions", False)
    when_imported("bz2", _opens_by_own_name)
    when_imported("tarfile", _opens_by_own_name)
    # Looked for now: in a run, how it is looked for would be drawn from the run's own seed.
    tempfile.gettempdir()
    _state["stands"] = True
    if parent_process() is not None:
        # A process of a pool ends without what is registered for its exit.
        Finalize(None, OVERLAY.close, exitpriority=0)
    changes.on_undo(_leave)


def _replace_bound(changes: Changes, stand_for: Mapping[Any, Any]) -> None:
    """What later releases of Python keep in classes of `glob`, as `pathlib` walks folders by it."""
    for owner in [one for one in vars(glob).values() if isinstance(one, type)]:
        for name, value in list(vars(owner).items()):
            if isinstance(value, staticmethod) and value.__func__ in stand_for:
                changes.replace(owner, name, staticmethod(stand_for[value.__func__]))


def _leave() -> None:
    _state.update(stands=False, real=False)
    databases.let_go()
    OVERLAY.close()


if POSSIBLE:
    os.register_at_fork(after_in_child=OVERLAY.disown)


def _as_able(changes: Changes, real: object, ours: object) -> None:
    """Python keeps sets of the functions that can do this and that."""
    for able in _SETS:
        if real in able:
            able.add(ours)
            changes.on_undo(partial(able.discard, ours))


def _opens_by_own_name(module: ModuleType) -> None:
    """Modules of Python that gave `open` a name of their own."""
    for name in ("_builtin_open", "bltn_open"):
        if vars(module).get(name) is actual.open_file:
            vars(module)[name] = opens.open_redirected


SEAM = Seam("files", _apply, needs=("shutil:_use_fd_functions",))
