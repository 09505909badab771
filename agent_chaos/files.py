"""Writes files whole or not at all, and names them as users know them."""

from __future__ import annotations

import os
import sysconfig
import tempfile
from pathlib import Path

from agent_chaos.errors import UsageError


def write_text(path: Path, text: str) -> None:
    """Replaces the file's text in one step, making its folder where needed. Raises UsageError where it cannot."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except OSError as exc:
        raise UsageError(f"{path}: cannot be written ({exc.strerror or exc})") from exc


def writable(path: Path) -> Path:
    """The path, once it is certain that a file can be written there. Raises UsageError."""
    folder = next(parent for parent in path.absolute().parents if parent.exists())
    if path.is_dir() or not folder.is_dir() or not os.access(folder, os.W_OK):
        raise UsageError(f"{path}: cannot be written")
    return path


def relative(file: str) -> str:
    """A path from the working directory; of a library, from where libraries of its kind are."""
    path = Path(file)
    installed = (
        Path(*path.parts[: i + 1]) for i, part in enumerate(path.parts) if part.endswith("-packages")
    )
    for folder in (*installed, Path.cwd(), Path(sysconfig.get_path("stdlib"))):
        if path.is_relative_to(folder) and path != folder:
            return path.relative_to(folder).as_posix()
    return path.as_posix()
