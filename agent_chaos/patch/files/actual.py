"""Functions of `os` and `io` as they were before the throw-away copy stood before them."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Collection
from typing import Any

# Bound as this module is imported, before anything stands for them; all that this package does with files
# is done by them.
open_file: Callable[..., Any] = open
functions: dict[str, Callable[..., Any]] = {
    name: getattr(os, name)
    for name in (
        *("open", "stat", "lstat", "access", "readlink", "listxattr", "getxattr", "listdir", "scandir"),
        *("mkdir", "rmdir", "remove", "unlink", "rename", "replace", "truncate", "utime", "chmod", "chown"),
        *("lchown", "setxattr", "removexattr", "chdir", "getcwd", "link", "symlink", "mkfifo", "mknod"),
        *("pathconf", "statvfs"),
    )
    if hasattr(os, name)
}
"""Those that take paths, by name; what this system does not have is not among them."""

_CHUNK = 1 << 20


def status(path: str) -> os.stat_result | None:
    """As `os.stat`; None where nothing is there, or nothing that may be looked at."""
    try:
        found: os.stat_result = functions["stat"](path)
    except OSError:
        return None
    return found


def link_status(path: str) -> os.stat_result | None:
    """As `status`, of a symbolic link itself."""
    try:
        found: os.stat_result = functions["lstat"](path)
    except OSError:
        return None
    return found


def path_of(descriptor: int) -> str:
    """The file that a descriptor is of; '' where it is of none that has a name, or where the system does not say."""
    try:
        path = str(functions["readlink"](f"/proc/self/fd/{descriptor}"))
    except OSError:
        return ""
    return path if status(path) is not None else ""


def is_link(path: str) -> bool:
    found = link_status(path)
    return found is not None and stat.S_ISLNK(found.st_mode)


def is_folder(path: str) -> bool:
    found = status(path)
    return found is not None and stat.S_ISDIR(found.st_mode)


def is_own_folder(path: str) -> bool:
    """As `is_folder`, but not for a link to one."""
    found = link_status(path)
    return found is not None and stat.S_ISDIR(found.st_mode)


def names_in(path: str) -> list[str]:
    """The names in a folder; none where it cannot be listed."""
    try:
        return list(functions["listdir"](path))
    except OSError:
        return []


def make_folders(path: str) -> None:
    """As `os.makedirs` with `exist_ok`."""
    if not is_folder(path):
        make_folders(os.path.dirname(path))
        functions["mkdir"](path)


def copy(source: str, target: str) -> None:
    """A symbolic link; or the content of a regular file, its permissions and its times."""
    if is_link(target):
        # It could lead to the real file.
        functions["unlink"](target)
    if is_link(source):
        copy_link(source, target)
        return
    # Not by `shutil.copyfile`, which ends in calls of `os` that are redirected.
    with open_file(source, "rb") as read, open_file(target, "wb") as written:
        while chunk := read.read(_CHUNK):
            written.write(chunk)
    found = functions["stat"](source)
    functions["chmod"](target, stat.S_IMODE(found.st_mode))
    functions["utime"](target, ns=(found.st_atime_ns, found.st_mtime_ns))


def copy_link(source: str, target: str) -> None:
    functions["symlink"](functions["readlink"](source), target)


def remove_tree(path: str, keep: Collection[str] = ()) -> bool:
    """A folder of our own, with what is in it but for the files to keep; whether nothing of it is left."""
    with functions["scandir"](path) as entries:
        found = list(entries)
    left = False
    for entry in found:
        if entry.is_dir(follow_symlinks=False):
            left = not remove_tree(entry.path, keep) or left
        elif entry.path in keep:
            left = True
        else:
            functions["unlink"](entry.path)
    if not left:
        functions["rmdir"](path)
    return not left


def copy_tree(source: str, target: str) -> None:
    """A folder of our own, with what is in it."""
    functions["mkdir"](target, 0o700)
    # By these functions and not by `shutil`, whose own calls would be redirected into the copy that is being
    # made.
    for name in names_in(source):
        one, other = os.path.join(source, name), os.path.join(target, name)
        if is_own_folder(one):
            copy_tree(one, other)
        else:
            copy(one, other)


def files_below(folder: str, path: str = "") -> list[str]:
    """The paths of all files in a folder, from the folder on, each with a separator before it."""
    found: list[str] = []
    for name in names_in(folder + path):
        below = f"{path}{os.sep}{name}"
        found += files_below(folder, below) if is_own_folder(folder + below) else [below]
    return found
