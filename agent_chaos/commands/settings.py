"""What a project says once for all its searches: `[tool.agent-chaos]` of pyproject.toml. The command line wins."""

from __future__ import annotations

import tomllib
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from agent_chaos.errors import UsageError
from agent_chaos.search.corpus.accepted import ACCEPTED, Baseline
from agent_chaos.search.selection import Profile

_TABLE = "tool.agent-chaos"


class Settings(BaseModel):
    """The table's keys, named as the options of `agent-chaos fuzz`; None where it does not say."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    only_faults: tuple[str, ...] = ()
    skip_faults: tuple[str, ...] = ()
    only_oracles: tuple[str, ...] = ()
    skip_oracles: tuple[str, ...] = ()
    max_examples: int | None = Field(default=None, ge=1)
    profile: Profile | None = None
    seed: int | None = Field(default=None, ge=0)
    baseline: Path = ACCEPTED


def settings(start: Path | None = None) -> Settings:
    """The settings of the nearest pyproject.toml with the table, from a folder upwards; paths in it are from there.

    Raises:
        UsageError: a key is unknown or has a value it cannot have, or the file is not TOML.
    """
    here = (start or Path.cwd()).absolute()
    for folder in (here, *here.parents):
        file = folder / "pyproject.toml"
        table = _table(file) if file.is_file() else None
        if table is not None:
            return _settings(file, table)
    return Settings()


def baseline() -> Baseline:
    """The failures that the project accepts, seen from today. Raises UsageError."""
    return Baseline.load(settings().baseline, date.today())


def _table(file: Path) -> dict[str, Any] | None:
    try:
        tools = tomllib.loads(file.read_text(encoding="utf-8")).get("tool", {})
    except (OSError, ValueError) as exc:
        raise UsageError(f"{file}: cannot be read as TOML ({exc})") from None
    found = tools.get("agent-chaos") if isinstance(tools, dict) else None
    return found if isinstance(found, dict) else None


def _settings(file: Path, table: dict[str, Any]) -> Settings:
    named = {key.replace("-", "_"): value for key, value in table.items()}
    for key in table:
        if key.replace("-", "_") not in Settings.model_fields:
            raise UsageError(f"{file}: [{_TABLE}] {key}: {_unknown(key)}")
    try:
        found = Settings.model_validate(named)
    except ValidationError as exc:
        first = exc.errors()[0]
        key = str(first["loc"][0]).replace("_", "-")
        raise UsageError(f"{file}: [{_TABLE}] {key}: {first['msg']}, not {first['input']!r}") from None
    if "baseline" not in named:
        return found
    return found.model_copy(update={"baseline": file.parent / found.baseline})


def _unknown(key: str) -> str:
    keys = [name.replace("_", "-") for name in Settings.model_fields]
    near = get_close_matches(key.replace("_", "-"), keys, n=1)
    return f"unknown key; did you mean {near[0]}?" if near else f"unknown key; known are {', '.join(keys)}"
