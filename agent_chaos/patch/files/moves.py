"""`os.rename`, `os.replace`, `os.link`, `os.symlink`: what gives a file another name."""

from __future__ import annotations

import errno
import functools
import os
from collections.abc import Callable
from typing import Any

from agent_chaos.patch.files import actual
from agent_chaos.patch.files.overlay import OVERLAY
from agent_chaos.patch.files.redirect import must_exist, to_change, told_as

_Function = Callable[..., Any]


def renames(name: str) -> _Function:
    """What stands for `os.rename` or `os.replace`."""
    real = actual.functions[name]

    @functools.wraps(real)
    def rename(src: Any, dst: Any, *, src_dir_fd: int | None = None, dst_dir_fd: int | None = None) -> None:
        if src_dir_fd is None and dst_dir_fd is None:
            must_exist(src)
            before, after = to_change(src, follow=False), to_change(dst, follow=False)
            with told_as(src, dst):
                if _moved(real, before, after, src, dst):
                    return
        real(src, dst, src_dir_fd=src_dir_fd, dst_dir_fd=dst_dir_fd)

    return rename


def _moved(real: _Function, before: str | None, after: str | None, src: Any, dst: Any) -> bool:
    """Moves within the copy, out of what `tempfile` made into it, or the other way; whether it was one of these."""
    if before is not None and before == after:
        return True
    if before is not None and (after is not None or OVERLAY.is_scratch(OVERLAY.paths.meant(dst))):
        OVERLAY.to_write(before, asks="name")
        target = dst if after is None else _target(before, after)
        # All of it, since the real names below the folder are not there under the new one.
        OVERLAY.copy_tree(before)
        real(OVERLAY.shadow(before), target)
        OVERLAY.take_away(before)
        return True
    if after is not None and OVERLAY.is_scratch(OVERLAY.paths.meant(src)):
        real(src, _target(OVERLAY.paths.meant(src), after))
        return True
    return False


def _target(source: str, target: str) -> str:
    """The copy to rename to: of a file without its content, as it is replaced. Raises OSError where it cannot be."""
    if OVERLAY.exists(target):
        _check_kinds(OVERLAY.is_own_folder(source), OVERLAY.is_own_folder(target))
        if OVERLAY.is_own_folder(target) and OVERLAY.names(target):
            raise OSError(errno.ENOTEMPTY, os.strerror(errno.ENOTEMPTY))
    return OVERLAY.to_write(target, empty=True, asks="name")


def _check_kinds(moves_folder: bool, onto_folder: bool) -> None:
    # Before the copy of the target is emptied: a refused rename leaves it as it was.
    if onto_folder and not moves_folder:
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if moves_folder and not onto_folder:
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))


def symlink(src: Any, dst: Any, target_is_directory: bool = False, *, dir_fd: int | None = None) -> None:
    """As `os.symlink`."""
    if dir_fd is not None or (meant := to_change(dst, follow=False)) is None:
        actual.functions["symlink"](src, dst, target_is_directory, dir_fd=dir_fd)
        return
    with told_as(src, dst):
        _check_free(meant)
        OVERLAY.link(os.fsdecode(os.fspath(src)), meant)


def link(
    src: Any,
    dst: Any,
    *,
    src_dir_fd: int | None = None,
    dst_dir_fd: int | None = None,
    follow_symlinks: bool = True,
) -> None:
    """As `os.link`."""
    if src_dir_fd is None and dst_dir_fd is None:
        must_exist(src)
        before, after = to_change(src), to_change(dst, follow=False)
        if before is not None and after is not None:
            with told_as(src, dst):
                _check_free(after)
                actual.functions["link"](OVERLAY.to_write(before), OVERLAY.to_write(after))
            return
    actual.functions["link"](
        src, dst, src_dir_fd=src_dir_fd, dst_dir_fd=dst_dir_fd, follow_symlinks=follow_symlinks
    )


def _check_free(path: str) -> None:
    if OVERLAY.exists(path):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
