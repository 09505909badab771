"""What lies near a target or a cassette that is not there: the end of an error, or nothing."""

from __future__ import annotations

import os
from difflib import get_close_matches
from pathlib import Path

_ALIKE = 0.75
"""How much of two paths must agree for one to be a slip of the other."""


def near_target(target: str, folder: str) -> str:
    """The file that was meant, as far as those of the usual folder, and of the one that was named, tell."""
    asked = Path(target)
    named = asked.parent if os.path.isdir(asked.parent) else Path(folder)
    files = sorted({*Path(folder).rglob("*.py"), *named.glob("*.py")})
    paths = {file.as_posix(): file for file in files}
    same_name = [path for path, file in paths.items() if file.stem == asked.stem]
    near = same_name or get_close_matches(asked.as_posix(), paths, n=1, cutoff=_ALIKE)
    if not near and (folders := get_close_matches(asked.as_posix(), [folder], n=1, cutoff=_ALIKE)):
        near = [f"{folders[0]}/"] if Path(folder).is_dir() else []
    return f"; did you mean {near[0]}?" if near else ""


def above(folder: str) -> str:
    """Where a folder above the working one has what was looked for in this one."""
    found = next((one for one in Path.cwd().parents if (one / folder).is_dir()), None)
    return f"; {found} has one: run this there" if found else ""


def beside(target: str, cassette: Path) -> str:
    """Where a folder above the scenario's file, which is not the working one, has the cassette."""
    file = Path(target.rpartition(":")[0] or target)
    found = next((one for one in file.parents if one != Path() and (one / cassette).is_file()), None)
    return f"; {found} has one: run this there" if found else ""
