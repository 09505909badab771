"""Files: written whole or not at all, with values as JSON in them, and named as users know them."""

from __future__ import annotations

import json
import os
import sysconfig
import tempfile
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from agent_chaos.errors import UsageError

if TYPE_CHECKING:
    from pydantic import BaseModel

_Model = TypeVar("_Model", bound="BaseModel")


def told_with_place(error: BaseException) -> str:
    """What other people's code raised, and the line of theirs that did, in one line."""
    lines = [(frame.f_code.co_filename, line) for frame, line in traceback.walk_tb(error.__traceback__)]
    text = " ".join(str(error).split())
    where = f", at {relative(lines[-1][0])}:{lines[-1][1]}" if lines else ""
    return f"{type(error).__name__}{': ' if text else ''}{text}{where}"


def write_text(path: Path, text: str) -> None:
    """Replaces the file's text in one step, making its folder where needed. Raises UsageError where it cannot."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # In the same folder: a rename is one step within one file system only.
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            # Texts come from agents and may hold lone surrogates, which UTF-8 cannot hold.
            with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
                file.write(text)
            # `mkstemp` lets nobody but the owner read the file, and reports are read by others.
            Path(name).chmod(0o644)
            Path(name).replace(path)
        finally:
            Path(name).unlink(missing_ok=True)
    except OSError as exc:
        raise UsageError(f"{path}: cannot be written ({exc.strerror or exc})") from exc


def as_json_text(model: BaseModel, *, indent: int | None = None, exclude_none: bool = False) -> str:
    """A model as JSON, lone surrogates as the escapes that JSON has for them."""
    try:
        return model.model_dump_json(indent=indent, exclude_none=exclude_none)
    # pydantic writes UTF-8, which cannot hold half of a surrogate pair. Models, tools and agents say one now and then:
    # text that was cut to a length in UTF-16.
    except ValueError:
        value = model.model_dump(mode="json", exclude_none=exclude_none)
        separators = (",", ":") if indent is None else None
        text = json.dumps(value, ensure_ascii=False, indent=indent, separators=separators)
        return text.encode("utf-8", "backslashreplace").decode()


def from_json_text(kind: type[_Model], text: str | bytes) -> _Model:
    """The model in a JSON text, lone surrogates included. Raises pydantic's ValidationError."""
    try:
        return kind.model_validate_json(text)
    # pydantic's parser refuses such an escape, and a text that holds the half itself.
    except ValueError as refused:
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            raise refused from None
        return kind.model_validate(value)


def writable(path: Path) -> Path:
    """The path, once it is certain that a file can be written there. Raises UsageError."""
    # Folders that are missing are made when the file is written, so the question goes to the nearest one
    # there is.
    folder = next(parent for parent in path.absolute().parents if parent.exists())
    if path.is_dir() or not folder.is_dir() or not os.access(folder, os.W_OK):
        raise UsageError(f"{path}: cannot be written")
    return path


def relative(file: str) -> str:
    """A path from the working directory; of a library, from where libraries of its kind are."""
    path = Path(file)
    # `site-packages`, or `dist-packages` on Debian.
    installed = (
        Path(*path.parts[: i + 1]) for i, part in enumerate(path.parts) if part.endswith("-packages")
    )
    for folder in (*installed, Path.cwd(), Path(sysconfig.get_path("stdlib"))):
        if path.is_relative_to(folder) and path != folder:
            return path.relative_to(folder).as_posix()
    return path.as_posix()
