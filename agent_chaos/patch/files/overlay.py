"""What a run has changed of the files around it: copies of its own, and the names that it took away.

A path is met in three states: changed by the run, and then the copy is what counts; taken away, and then nothing is
there; or untouched, and then the real file is read. Nothing is copied before it is changed.
"""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from collections.abc import Collection
from contextlib import suppress
from itertools import count
from typing import Literal

from agent_chaos.patch.files import actual
from agent_chaos.patch.files.paths import Paths
from agent_chaos.runtime.session import Session

LARGEST = 100 * 1024 * 1024
"""Bytes of a file that is copied, at most."""

Asks = Literal["content", "name", "notes", "nothing"]
"""What is to be changed of a file: its content, whether it is there, or what is noted about it (`chmod`, `utime`); nothing of
one that moves with its folder."""


class TooLarge(Exception):
    """A file that would have to be copied is larger than `LARGEST`."""


class Overlay:
    """The files of this machine as the run that is active has changed them. Inert as long as nothing was changed."""

    def __init__(self) -> None:
        self.touched = False
        self.folder = ""
        """The working folder of the run."""
        self.looked_at: Session | None = None
        """A run that is over, and whose files are still asked for."""
        self.importing = False
        """Whether users' files are being imported: what they change is there for every run."""
        self.changed_at_import: set[str] = set()
        self._root = ""
        # What imports changed is kept in a second folder, which no run writes to, so that each can begin
        # with it again.
        self._base = ""
        self._base_gone: frozenset[str] = frozenset()
        self._gone: set[str] = set()
        self._scratch: set[str] = set()
        self.paths = Paths(self)

    def begin(self) -> None:
        """Before a run: its working folder is where the process is now."""
        self.folder = actual.functions["getcwd"]()

    def keep(self) -> None:
        """After an import: what was changed so far stands before every run from now on."""
        if not self.touched:
            return
        base = f"{self._root}-import"
        if self._base:
            actual.remove_tree(base)
        actual.copy_tree(self._root, base)
        self._base, self._base_gone = base, frozenset(self._gone)

    def forget(self, keep: Collection[str] = ()) -> None:
        """Undoes what was changed since the imports, but for the copies to `keep`."""
        # Not nothing: what imports took away is away in every run.
        self._gone = set(self._base_gone)
        self._scratch.clear()
        self.paths.forget()
        if not self.touched:
            return
        standing = {self._root + path for path in self._at_import()}
        self.touched = bool(self._base)
        # Where an agent made its copies such that they cannot be removed, the next run's are elsewhere.
        with suppress(OSError):
            self.touched = not actual.remove_tree(self._root, {*keep, *standing}) or self.touched
        for copy in standing - set(keep):
            # In its place, not as a new file: a log that was opened at import is written to in every run.
            actual.make_folders(os.path.dirname(copy))
            actual.copy(self._base + copy.removeprefix(self._root), copy)

    def _at_import(self) -> list[str]:
        return actual.files_below(self._base) if self._base else []

    def disown(self) -> None:
        """In a copy of this process: what the other one has changed is its own."""
        self.touched, self._base, self._base_gone = False, "", frozenset()
        self._gone.clear()

    def close(self) -> None:
        """Forgets everything, imports too."""
        base, self._base, self._base_gone = self._base, "", frozenset()
        self.changed_at_import.clear()
        self.forget()
        if base:
            with suppress(OSError):
                actual.remove_tree(base)

    def pristine(self, path: str) -> str:
        """Where a file is as runs find it; '' where there is none."""
        if self._base and actual.link_status(self._base + path) is not None:
            return self._base + path
        return path if path not in self._base_gone and actual.status(path) is not None else ""

    def own_name(self, path: str) -> str:
        """The name that a path of the copy stands for; any other path is given back."""
        return (path[len(self._root) :] or "/") if self._in_root(path) else path

    def _in_root(self, path: str) -> bool:
        return self.touched and (path + os.sep).startswith(self._root + os.sep)

    def cwd(self) -> str:
        """The working folder as the run knows it."""
        return self.own_name(actual.functions["getcwd"]())

    @property
    def in_new_folder(self) -> bool:
        """Whether the run's working folder is one that it made."""
        return self._in_root(actual.functions["getcwd"]())

    def shadow(self, path: str) -> str:
        """Where the copy of a path is, or will be."""
        if not self.touched:
            self._name_root()
        return self._root + path

    def _name_root(self) -> None:
        # The name is no matter of chance: within a run that is drawn from the run's own seed.
        for number in count():
            self._root = os.path.join(tempfile.gettempdir(), f"{name_of_copies(os.getpid())}{number}")
            if actual.link_status(self._root) is None:
                break

    def holds(self, path: str) -> bool:
        """Whether a path is one of the copies, or of what `tempfile` made."""
        own = bool(self._root) and (path + os.sep).startswith(self._root + os.sep)
        return own or self.is_scratch(path)

    def is_scratch(self, path: str) -> bool:
        """Whether it was made by `tempfile` in this run, or is in a folder that was."""
        if not self._scratch:
            return False
        path = os.path.abspath(path)
        return any(path == one or path.startswith(one + os.sep) for one in self._scratch)

    def note_scratch(self, path: str) -> None:
        """What `tempfile` makes outside of the working folder is scratch already, and programs may have to find it there."""
        self._scratch.add(os.path.abspath(path))

    def inside(self, path: str) -> bool:
        """Whether a path is in the working folder."""
        return path.startswith(self.folder.rstrip(os.sep) + os.sep)

    def _changed(self, path: str) -> bool:
        return self.touched and actual.link_status(self._root + path) is not None

    def _taken_away(self, path: str) -> bool:
        while self._gone:
            if path in self._gone:
                return True
            above = os.path.dirname(path)
            if above == path:
                break
            path = above
        return False

    def seen(self, path: str) -> str:
        """The path at which to look: of the copy, or of the real file."""
        if not self.touched:
            return path
        if self._taken_away(path):
            return self._root + path
        if not self._changed(path):
            return path
        # A folder is copied only to hold copies: as long as the real one is there, it is the one to ask.
        both = actual.is_own_folder(self._root + path) and actual.is_own_folder(path)
        return path if both else self._root + path

    def exists(self, path: str) -> bool:
        return actual.link_status(self.seen(path)) is not None

    def is_own_folder(self, path: str) -> bool:
        """Whether it is a folder, and no link to one."""
        return actual.is_own_folder(self.seen(path))

    def is_folder(self, path: str) -> bool:
        return actual.is_folder(self.seen(path))

    def names(self, path: str) -> list[str]:
        """The names in a folder. Raises OSError where there is none."""
        here: list[str] = [] if self._taken_away(path) else self._real_names(path)
        added = [name for name in actual.names_in(self._root + path) if name not in here]
        return here + added

    def _real_names(self, path: str) -> list[str]:
        try:
            found = actual.functions["listdir"](path)
        except OSError:
            if not self._changed(path):
                raise
            return []
        return [name for name in found if not self._lost(os.path.join(path, name))]

    def _lost(self, path: str) -> bool:
        return path in self._gone and not self._changed(path)

    def to_write(self, path: str, *, empty: bool = False, asks: Asks = "content") -> str:
        """The copy to change, made where there is none yet; without its content where it is to be `empty`.

        Raises PermissionError where the run could not do to the real one what it asks for, and TooLarge.
        """
        shadow = self.shadow(path)
        if asks == "name":
            self._check_writable(os.path.dirname(path))
        if self._changed(path):
            return shadow
        found = None if self._taken_away(path) else actual.link_status(path)
        self._check_permission(path, found, asks)
        self._make_parents(path)
        if found is not None and stat.S_ISREG(found.st_mode):
            self._copy(path, shadow, found, empty=empty)
        elif found is not None and stat.S_ISLNK(found.st_mode):
            actual.copy_link(path, shadow)
        elif found is not None and stat.S_ISDIR(found.st_mode):
            actual.make_folders(shadow)
        elif found is not None:
            # A pipe or a socket, whose name alone is changed.
            actual.open_file(shadow, "wb").close()
        return shadow

    def _check_permission(self, path: str, found: os.stat_result | None, asks: Asks) -> None:
        # In a copy everything could be written; the agent must meet the refusal that it would meet.
        if asks in ("name", "nothing"):
            return
        if asks == "notes" and found is not None and os.geteuid() in (0, found.st_uid):
            return
        itself = found is not None and not stat.S_ISLNK(found.st_mode)
        self._check_writable(path if itself else os.path.dirname(path))

    def _check_writable(self, asked: str) -> None:
        real = self.seen(asked) == asked and actual.status(asked) is not None
        if real and not actual.functions["access"](asked, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    def _make_parents(self, path: str) -> None:
        """Only where the folder is there: a file in a folder that is missing cannot be made here either."""
        folder = os.path.dirname(path)
        if not self.touched:
            actual.functions["mkdir"](self._root, 0o700)
            self.touched = True
        if self.is_folder(folder):
            actual.make_folders(self._root + folder)

    def _copy(self, path: str, shadow: str, found: os.stat_result, *, empty: bool) -> None:
        if empty:
            actual.open_file(shadow, "wb").close()
            actual.functions["chmod"](shadow, stat.S_IMODE(found.st_mode))
        elif found.st_size > LARGEST:
            raise TooLarge(f"{path} is larger than {LARGEST // (1024 * 1024)} MB")
        else:
            actual.copy(path, shadow)

    def copy_tree(self, path: str) -> None:
        """Copies a folder, or a file, with what is in it as the run sees it."""
        self.to_write(path, asks="nothing")
        if self.is_own_folder(path):
            for name in self.names(path):
                self.copy_tree(os.path.join(path, name))

    def link(self, target: str, path: str) -> None:
        """Makes a symbolic link in the copy."""
        actual.functions["symlink"](target, self.to_write(path))
        self.paths.forget()

    def take_away(self, path: str) -> None:
        """Has nothing be at the path, whose copy is gone already."""
        self.paths.forget()
        if actual.link_status(path) is not None:
            self._make_parents(path)
            self._gone.add(path)


def name_of_copies(process: int) -> str:
    """How the names of the folders begin that a process keeps its copies in."""
    return f"agent-chaos-{process}-"


OVERLAY = Overlay()
"""That of this process: it stands for whichever run is active."""


def holds(session: Session, path: str) -> bool:
    """Whether what is changed at a path is changed in a throw-away copy."""
    return session.copies_files and OVERLAY.holds(path)
