"""Which run asks for a file, and what becomes of its request: the throw-away copy, the real file, or a refusal."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from agent_chaos.errors import GuardRefused
from agent_chaos.patch.effects import refused_effect
from agent_chaos.patch.files.overlay import OVERLAY, TooLarge
from agent_chaos.patch.files.paths import is_made_up, is_ordinary
from agent_chaos.runtime.active import replaying
from agent_chaos.runtime.session import Session


def copying() -> Session | None:
    """The run that this code belongs to, where its files are copied."""
    # Assertions look at a run's files when it is over.
    session = replaying() or OVERLAY.looked_at
    return session if session is not None and session.copies_files else None


def held() -> bool:
    """Whether what this code does to files is done in a copy: that of a run, or of an import."""
    return OVERLAY.importing or copying() is not None


def reads(given: Any) -> str | None:
    """The path at which a run is to look for a file; None where it is the one that was given."""
    return _read_at(given, follow=False)


def follows(given: Any) -> str | None:
    """As `reads`, where a symbolic link leads."""
    return _read_at(given, follow=True)


def _read_at(given: Any, *, follow: bool) -> str | None:
    if not OVERLAY.touched or isinstance(given, int) or not held():
        return None
    path = OVERLAY.paths.meant(given)
    seen = OVERLAY.seen(OVERLAY.paths.followed(path) if follow else path)
    # In a folder that only the copy has, no relative path leads to a real file.
    return seen if seen != path or OVERLAY.in_new_folder else None


def to_change(given: Any, *, follow: bool = True) -> str | None:
    """The path of a file that a run is about to change in its copy; None where the real one is to be changed."""
    if isinstance(given, int) or given is None or not held():
        return None
    session = copying()
    path = OVERLAY.paths.meant(given)
    path = OVERLAY.paths.followed(path) if follow else path
    # A name is changed alike, whether it is one of a file, of a link to anything, or of a pipe.
    if OVERLAY.is_scratch(path) or (not is_ordinary(path) if follow else is_made_up(path)):
        return None
    # The caller's caller: the function that stands for one of `os` or `io` was called by it.
    if not OVERLAY.inside(path) and _asked_by_tempfile():
        OVERLAY.note_scratch(path)
        return None
    if session is None:
        OVERLAY.changed_at_import.add(_told(path))
        return path
    session.tape.incident(session.clock.now(), "copied", _told(path))
    return path


def must_exist(given: Any, *, follow: bool = False) -> None:
    """Raises FileNotFoundError where a run asks to change what is not there."""
    if not isinstance(given, int) and held():
        path = OVERLAY.paths.meant(given)
        if not OVERLAY.exists(OVERLAY.paths.followed(path) if follow else path):
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), given)


def _asked_by_tempfile() -> bool:
    # By the stack: `tempfile` opens its files by the same functions as everybody else, with names that could
    # be anybody's.
    return sys._getframe(3).f_globals.get("__name__") == "tempfile"


def _told(path: str) -> str:
    return os.path.relpath(path, OVERLAY.folder) if OVERLAY.inside(path) else path


@contextmanager
def told_as(given: Any, other: Any = None) -> Iterator[None]:
    """Has an error name the path (or two of them) that was given, not that of a copy; a file that is too large to copy is refused."""
    try:
        yield
    except TooLarge as exc:
        raise _too_large(exc) from None
    except OSError as exc:
        if exc.filename is None or OVERLAY.holds(os.fsdecode(exc.filename)):
            # Agents show this name, or compare it with their own.
            exc.filename = os.fspath(given)
            if other is not None:
                exc.filename2 = os.fspath(other)
        raise


def _too_large(exc: TooLarge) -> GuardRefused:
    told = f"changed {exc}, which is too large for a throw-away copy"
    session = copying()
    return (
        refused_effect(session, told)
        if session is not None
        else GuardRefused(f"agent-chaos: {told}; refused")
    )
