"""The functions of `os` that take a path: those that look see what the run has changed, those that change do so in its copy."""

from __future__ import annotations

import errno
import functools
import os
import stat
import sys
from collections.abc import Callable, Iterator
from typing import Any

from agent_chaos.patch.files import actual, moves
from agent_chaos.patch.files.overlay import OVERLAY
from agent_chaos.patch.files.redirect import follows, held, must_exist, reads, to_change, told_as

_Function = Callable[..., Any]


def _looks(name: str, find: Callable[[Any], str | None]) -> _Function:
    """A function that only looks at a path."""
    real = actual.functions[name]

    @functools.wraps(real)
    def look(path: Any, *args: Any, **kwargs: Any) -> Any:
        asked = find if kwargs.get("follow_symlinks", True) else reads
        found = None if not OVERLAY.touched or kwargs.get("dir_fd") is not None else asked(path)
        # The usual case, for nearly every call of a run: nothing was changed there, and the real function
        # answers.
        if found is None:
            return real(path, *args, **kwargs)
        with told_as(path):
            return real(found, *args, **kwargs)

    return look


def _stat(path: Any, *, dir_fd: int | None = None, follow_symlinks: bool = True) -> os.stat_result:
    if not OVERLAY.touched or dir_fd is not None:
        return _real_stat(path, dir_fd, follow_symlinks)
    with told_as(path):
        found = follows(path) if follow_symlinks else reads(path)
        return _real_stat(found or path, dir_fd, follow_symlinks)


def _real_stat(path: Any, dir_fd: int | None, follow: bool) -> os.stat_result:
    found: os.stat_result = actual.functions["stat"](path, dir_fd=dir_fd, follow_symlinks=follow)
    return found


def _listdir(path: Any = None) -> list[Any]:
    if not OVERLAY.touched or isinstance(path, int) or not held():
        return list(actual.functions["listdir"](path))
    with told_as("." if path is None else path):
        names = OVERLAY.names(OVERLAY.paths.followed(OVERLAY.paths.meant("." if path is None else path)))
    return [os.fsencode(name) for name in names] if isinstance(path, bytes) else names


class Entry:
    """As `os.DirEntry`."""

    def __init__(self, folder: Any, name: str) -> None:
        encode = isinstance(folder, bytes)
        self.name: Any = os.fsencode(name) if encode else name
        self.path: Any = os.path.join(folder, self.name)

    def __fspath__(self) -> Any:
        return self.path

    def __repr__(self) -> str:
        return f"<DirEntry {self.name!r}>"

    def inode(self) -> int:
        return os.lstat(self.path).st_ino

    def stat(self, *, follow_symlinks: bool = True) -> os.stat_result:
        return os.stat(self.path, follow_symlinks=follow_symlinks)

    def is_symlink(self) -> bool:
        return os.path.islink(self.path)

    # Windows has those, where there are no copies (`copies.POSSIBLE`); `os.walk` asks since Python 3.12.
    def is_junction(self) -> bool:
        return False

    def is_dir(self, *, follow_symlinks: bool = True) -> bool:
        return self._is(stat.S_ISDIR, follow_symlinks)

    def is_file(self, *, follow_symlinks: bool = True) -> bool:
        return self._is(stat.S_ISREG, follow_symlinks)

    def _is(self, kind: Callable[[int], bool], follow_symlinks: bool) -> bool:
        try:
            return kind(self.stat(follow_symlinks=follow_symlinks).st_mode)
        except OSError:
            return False


class Entries:
    """As what `os.scandir` gives."""

    def __init__(self, entries: Iterator[Entry]) -> None:
        self._entries = entries

    def __iter__(self) -> Entries:
        return self

    def __next__(self) -> Entry:
        return next(self._entries)

    def __enter__(self) -> Entries:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        self._entries = iter(())


def _scandir(path: Any = None) -> Any:
    if not OVERLAY.touched or isinstance(path, int) or not held():
        return actual.functions["scandir"](path)
    folder = "." if path is None else os.fspath(path)
    names = [os.fsdecode(name) for name in _listdir(folder)]
    return Entries(iter([Entry(folder, name) for name in names]))


def _chdir(path: Any) -> None:
    if isinstance(path, int) or not held():
        actual.functions["chdir"](path)
        return
    with told_as(path):
        actual.functions["chdir"](OVERLAY.seen(OVERLAY.paths.followed(OVERLAY.paths.meant(path))))


def _getcwd() -> str:
    return OVERLAY.cwd()


def _changes_file(name: str) -> _Function:
    """A function that changes the file at a path, or what is noted about it."""
    real = actual.functions[name]

    @functools.wraps(real)
    def change(path: Any, *args: Any, **kwargs: Any) -> Any:
        follow = kwargs.get("follow_symlinks", True) is not False and name != "lchown"
        if kwargs.get("dir_fd") is not None:
            return real(path, *args, **kwargs)
        must_exist(path, follow=follow)
        if (meant := to_change(path, follow=follow)) is None:
            return real(path, *args, **kwargs)
        with told_as(path):
            return real(OVERLAY.to_write(meant, asks="notes"), *args, **kwargs)

    return change


def _makes(name: str) -> _Function:
    """A function that makes something of its own kind, which is there already or not."""
    real = actual.functions[name]

    @functools.wraps(real)
    def make(path: Any, *args: Any, **kwargs: Any) -> None:
        by_name = kwargs.get("dir_fd") is None
        if by_name and held() and OVERLAY.exists(OVERLAY.paths.meant(path)):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), path)
        if not by_name or (meant := to_change(path, follow=False)) is None:
            if name != "mkdir":
                # Python tells the guard of a folder that is made, and of nothing else.
                sys.audit("os.mkdir", path, 0, -1)
            real(path, *args, **kwargs)
            return
        with told_as(path):
            real(OVERLAY.to_write(meant), *args, **kwargs)

    return make


def _removes(name: str) -> _Function:
    """A function that takes a name away."""
    real = actual.functions[name]

    @functools.wraps(real)
    def remove(path: Any, *, dir_fd: int | None = None) -> None:
        if dir_fd is not None:
            real(path, dir_fd=dir_fd)
            return
        must_exist(path)
        if (meant := to_change(path, follow=False)) is None:
            real(path)
            return
        with told_as(path):
            # Asked here: the copy of the folder may be empty where the real one is not.
            if name == "rmdir" and OVERLAY.names(meant):
                raise OSError(errno.ENOTEMPTY, os.strerror(errno.ENOTEMPTY))
            # As an empty file, or an empty folder: what is lost needs no content, and its kind still counts.
            real(OVERLAY.to_write(meant, empty=True, asks="name"))
            OVERLAY.take_away(meant)

    return remove


def redirected() -> dict[str, _Function]:
    """What stands for functions of `os` while an environment does, by name."""
    own: dict[str, _Function] = {
        **{name: _looks(name, reads) for name in ("lstat", "readlink")},
        **{
            name: _looks(name, follows)
            for name in ("access", "getxattr", "listxattr", "pathconf", "statvfs")
            if name in actual.functions
        },
        **{
            name: _changes_file(name)
            for name in ("truncate", "utime", "chmod", "chown", "lchown", "setxattr", "removexattr")
            if name in actual.functions
        },
        **{name: _removes(name) for name in ("remove", "unlink", "rmdir")},
        **{name: moves.renames(name) for name in ("rename", "replace")},
        **{name: _makes(name) for name in ("mkdir", "mkfifo", "mknod") if name in actual.functions},
        "stat": _stat,
        "listdir": _listdir,
        "scandir": _scandir,
        "chdir": _chdir,
        "getcwd": _getcwd,
        "symlink": moves.symlink,
        "link": moves.link,
    }
    return {
        name: functools.wraps(actual.functions[name])(function)
        for name, function in own.items()
        if name in actual.functions
    }
