"""The file a recording is written to while it runs: empty, locked, beside its target."""

from __future__ import annotations

import os
import sys
from io import FileIO
from pathlib import Path

from agent_chaos.cassette.storage.frames import PREAMBLE_BYTES
from agent_chaos.errors import RecordError

if sys.platform != "win32":
    from fcntl import LOCK_EX, LOCK_NB, flock

# A link that lies in the journal's place would have its target emptied; without O_BINARY Windows writes other
# line ends.
_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)


def journal_of(path: Path) -> Path:
    """Where a recording of `path` is written while it runs."""
    return path.with_name(f"{path.name}.journal")


def new_journal(path: Path) -> FileIO:
    """The journal, empty and locked; what a killed recording left there is set aside as `….old`."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = _locked(path)
        if file.seek(0, os.SEEK_END) > PREAMBLE_BYTES:
            os.replace(path, path.with_name(f"{path.name}.old"))
            # Only the name changes with `replace`: the lock is on the file, which is the old one now.
            file.close()
            file = _locked(path)
        file.seek(0)
        file.truncate(0)
    except OSError as exc:
        raise RecordError(f"{path} cannot be written: {exc.strerror or exc}") from None
    return file


def _locked(path: Path) -> FileIO:
    """The file at `path`, locked. Opened again where a recording that ended meanwhile took it away."""
    while True:
        # Unbuffered: what was written must be with the operating system when the process is killed.
        file = FileIO(os.open(path, os.O_RDWR | os.O_CREAT | _NO_FOLLOW, 0o644), "r+")
        _lock(file, path)
        if _same_file(file, path):
            return file
        file.close()


def _lock(file: FileIO, path: Path) -> None:
    if sys.platform == "win32":
        return
    try:
        flock(file, LOCK_EX | LOCK_NB)
    except BlockingIOError:
        file.close()
        raise RecordError(f"another recording writes {path}; wait for it to end") from None


def _same_file(file: FileIO, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


def write(file: FileIO, data: bytes) -> None:
    """Hands all of the bytes to the operating system."""
    view = memoryview(data)
    while view:
        # A raw file may take fewer bytes than it is given.
        view = view[file.write(view) or 0 :]


def sync_folder(folder: Path) -> None:
    """Makes a rename in a folder survive a power cut."""
    if sys.platform == "win32":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
