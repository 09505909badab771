"""`open` and `os.open`: what a run opens for writing is a copy, which it then finds again under the same name."""

from __future__ import annotations

import errno
import functools
import os
from typing import Any

from agent_chaos.patch.files import actual
from agent_chaos.patch.files.overlay import OVERLAY
from agent_chaos.patch.files.redirect import follows, reads, to_change, told_as

_UNNAMED = getattr(os, "O_TMPFILE", 0)
_UNFOLLOWED = getattr(os, "O_NOFOLLOW", 0)


@functools.wraps(actual.open_file)
def open_redirected(file: Any, mode: str = "r", *args: Any, **kwargs: Any) -> Any:
    """As `open`."""
    # An opener opens the file by itself, by `os.open` as a rule, which is looked at then.
    if isinstance(file, int) or kwargs.get("opener") or len(args) > 5:
        return actual.open_file(file, mode, *args, **kwargs)
    if not isinstance(mode, str) or not any(letter in mode for letter in "wax+"):
        seen = follows(file)
        return (
            _named(file, seen, mode, args, kwargs) if seen else actual.open_file(file, mode, *args, **kwargs)
        )
    if (path := to_change(file)) is None:
        return actual.open_file(file, mode, *args, **kwargs)
    with told_as(file):
        # "r+" is the one mode for writing that makes no file.
        copy = _copy_for(path, creates="r" not in mode, empties="w" in mode, new="x" in mode)
        return _named(file, copy, mode, args, kwargs)


def _named(given: Any, path: str, mode: str, args: Any, kwargs: Any) -> Any:
    """The opened copy, under the name that was given."""
    with told_as(given):
        opened = actual.open_file(path, mode, *args, **kwargs)
    raw = getattr(opened, "buffer", opened)
    # On the innermost object, from which the buffer and the text above read it.
    getattr(raw, "raw", raw).name = os.fspath(given)
    return opened


@functools.wraps(actual.functions["open"])
def os_open_redirected(path: Any, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
    """As `os.open`."""
    if dir_fd is not None or (_UNNAMED and flags & _UNNAMED == _UNNAMED):
        return int(actual.functions["open"](path, flags, mode, dir_fd=dir_fd))
    follow = not flags & _UNFOLLOWED
    find = follows if follow else reads
    if not flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC):
        with told_as(path):
            return int(actual.functions["open"](find(path) or path, flags, mode))
    if (meant := to_change(path, follow=follow)) is None:
        return int(actual.functions["open"](path, flags, mode))
    with told_as(path):
        creates, new = bool(flags & os.O_CREAT), bool(flags & os.O_EXCL)
        copy = _copy_for(meant, creates=creates, empties=bool(flags & os.O_TRUNC), new=creates and new)
        return int(actual.functions["open"](copy, flags, mode))


def _copy_for(path: str, *, creates: bool, empties: bool, new: bool) -> str:
    if new and OVERLAY.exists(path):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
    if not creates and not OVERLAY.exists(path):
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
    if OVERLAY.is_folder(path):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    return OVERLAY.to_write(path, empty=empties)
