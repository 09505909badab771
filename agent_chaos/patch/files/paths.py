"""Which file a path means in a run: its own working folder, `..` and symbolic links followed as the system follows them."""

from __future__ import annotations

import errno
import os
import stat
from typing import Any, Protocol

from agent_chaos.patch.files import actual

_NO_FILES = ("/dev", "/proc", "/sys")
_FAR_TOO_MANY_LINKS = 40


class Files(Protocol):
    """What is asked about the files as a run has changed them."""

    def cwd(self) -> str: ...
    def own_name(self, path: str) -> str: ...
    def seen(self, path: str) -> str: ...


class Paths:
    """Paths of a run. Folders that were followed are kept: an agent asks for files of the same few again and again."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._followed: dict[str, str] = {}

    def forget(self) -> None:
        """After a link was made or taken away, any folder may be another one."""
        self._followed.clear()

    def meant(self, given: Any) -> str:
        """The absolute path that is meant, symbolic links of folders followed."""
        # A path of the copy itself, as `os.getcwdb` gives it in a folder that only the copy has: the name it stands
        # for is meant.
        whole = os.path.join(self._files.cwd(), self._files.own_name(os.fsdecode(os.fspath(given))))
        if os.pardir in whole.split(os.sep):
            return self._up_and_down(whole)
        folder, name = os.path.split(os.path.normpath(whole))
        return os.path.join(self._real_folder(folder), name)

    def _up_and_down(self, path: str) -> str:
        # From the folder that a link leads to, `..` is not the one that the link is in.
        at = os.sep
        for name in path.split(os.sep):
            if name == os.pardir:
                at = os.path.dirname(self.followed(at))
            elif name not in ("", os.curdir):
                at = os.path.join(self.followed(at), name)
        return at

    def followed(self, path: str) -> str:
        """Where a symbolic link leads; a path that is none is given back. Raises OSError for links in a circle."""
        # As many as Linux follows before it says the same.
        for _ in range(_FAR_TOO_MANY_LINKS):
            try:
                target = actual.functions["readlink"](self._files.seen(path))
            except OSError:
                return path
            folder, name = os.path.split(os.path.normpath(os.path.join(os.path.dirname(path), target)))
            path = os.path.join(self._real_folder(folder), name)
        # Not a path all the same: the system would follow a link of the copy to the real file.
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)

    def _real_folder(self, folder: str) -> str:
        if folder not in self._followed:
            # Noted before it is known: a folder that is met again on the way leads into itself, in a circle of links.
            self._followed[folder] = folder
            parent, name = os.path.split(folder)
            above = self._real_folder(parent) if name else folder
            self._followed[folder] = self.followed(os.path.join(above, name)) if name else folder
        return self._followed[folder]


def is_made_up(path: str) -> bool:
    """Whether a path is one of those that the system makes up."""
    return path.startswith(tuple(f"{one}/" for one in _NO_FILES))


def is_ordinary(path: str) -> bool:
    """Whether a path is one that a copy can stand for: no device, no pipe, nothing that the system makes up."""
    if is_made_up(path):
        return False
    found = actual.status(path)
    return found is None or stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode)
