"""What a project says once for all its searches: `[tool.agent-chaos]` of pyproject.toml. The command line wins."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

from agent_chaos.errors import UsageError
from agent_chaos.search.corpus.baseline import ACCEPTED, Baseline
from agent_chaos.search.scope import EVERYTHING, Scope
from agent_chaos.search.selection import Selection, outside, scoped

_TABLE = "tool.agent-chaos"


class Settings(Selection):
    """The table's keys, each with the name of its option of `agent-chaos fuzz`, and their defaults."""

    max_examples: int = Field(default=200, ge=1)
    seed: int = Field(default=0, ge=0)
    max_time: float | None = Field(default=None, ge=0)
    baseline: Path = Field(default=ACCEPTED, description="The file of accepted failures.")


@dataclass(frozen=True, slots=True)
class Resolved:
    """The settings in force, and where each comes from: "default", the pyproject.toml's path, or an option's name."""

    settings: Settings
    origins: Mapping[str, str]


def scope_of(known: Settings) -> Scope:
    """The faults that settings choose. Raises UsageError for names that are unknown, and a space that does not load."""
    # Imported here, since it loads the user's file, which most projects do not have.
    from agent_chaos.search.variants.space_file import chaos_space

    scope = chaos_space(known.space).scope() if known.space else EVERYTHING
    return scoped(scope, only=known.only_faults, skip=(*known.skip_faults, *outside(known.profile)))


def settings() -> Settings:
    """The settings of the nearest pyproject.toml with the table. Raises UsageError as `resolved` does."""
    return resolved().settings


def resolved(options: Mapping[str, Any] | None = None, start: Path | None = None) -> Resolved:
    """`options` that say something, over the nearest table from a folder upwards, over the defaults.

    Paths in the table are from the folder of its file.

    Raises:
        UsageError: a key is unknown or has a value it cannot have, or the file is not TOML.
    """
    # What was not typed does not win over the table.
    given = {key: value for key, value in (options or {}).items() if value not in (None, (), "")}
    file, table = _nearest((start or Path.cwd()).absolute())
    origins = (
        dict.fromkeys(Settings.model_fields, "default")
        | dict.fromkeys(table, str(file))
        | {key: f"--{_spelled(key)}" for key in given}
    )
    return Resolved(Settings.model_validate(table | given), origins)


def baseline() -> Baseline:
    """The failures that the project accepts, seen from today. Raises UsageError."""
    return Baseline.load(settings().baseline, date.today())


def _nearest(here: Path) -> tuple[Path, dict[str, Any]]:
    """The nearest pyproject.toml with the table, and its checked values; the last one looked for, and none, without."""
    for folder in (here, *here.parents):
        file = folder / "pyproject.toml"
        table = _table(file) if file.is_file() else None
        if table is not None:
            return file, _checked(file, table)
    return here / "pyproject.toml", {}


def _table(file: Path) -> dict[str, Any] | None:
    try:
        tools = tomllib.loads(file.read_text(encoding="utf-8")).get("tool", {})
    except (OSError, ValueError) as exc:
        raise UsageError(f"{file}: cannot be read as TOML ({exc})") from None
    found = tools.get("agent-chaos") if isinstance(tools, dict) else None
    if found is not None and not isinstance(found, dict):
        raise UsageError(f"{file}: [{_TABLE}] is {found!r}; expected a table of settings")
    return found


def _checked(file: Path, table: dict[str, Any]) -> dict[str, Any]:
    named = _named(file, table)
    try:
        found = Settings.model_validate(named)
    except ValidationError as exc:
        first = exc.errors()[0]
        key = _spelled(str(first["loc"][0]))
        raise UsageError(f"{file}: [{_TABLE}] {key}: {first['msg']}, not {first['input']!r}") from None
    return {key: _from(file.parent, key, getattr(found, key)) for key in named}


def _from(folder: Path, key: str, value: Any) -> Any:
    """A value of the table; one that names a file does so from the table's folder."""
    if key == "baseline":
        return folder / value
    return str(folder / value) if key == "space" and value else value


def _named(file: Path, table: dict[str, Any]) -> dict[str, Any]:
    """The table by the names of fields; max-examples and max_examples are one key."""
    named: dict[str, Any] = {}
    for key, value in table.items():
        name = key.replace("-", "_")
        if name not in Settings.model_fields:
            raise UsageError(f"{file}: [{_TABLE}] {key}: {_unknown(key)}")
        if name in named:
            raise UsageError(f"{file}: [{_TABLE}] {key}: said twice; keep one of {_spelled(key)} and {name}")
        named[name] = value
    return named


def _unknown(key: str) -> str:
    keys = [_spelled(name) for name in Settings.model_fields]
    near = get_close_matches(_spelled(key), keys, n=1)
    return f"unknown key; did you mean {near[0]}?" if near else f"unknown key; known are {', '.join(keys)}"


def _spelled(name: str) -> str:
    return name.replace("_", "-")
