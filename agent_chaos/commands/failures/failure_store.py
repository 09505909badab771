"""Stored failures and undecided plans, by the names people give them: an id (`F-7Q2K`, `U-7Q2K`) or the file it lies in."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError

from agent_chaos.errors import AgentChaosError, UsageError
from agent_chaos.files import as_json_text, from_json_text, write_text
from agent_chaos.scenario.folders import RUNS
from agent_chaos.search.corpus.failure_files import FOLDER, Corpus
from agent_chaos.search.failure import Failure, UndecidedPlan

_UNDECIDED = RUNS / "undecided"
_ID = re.compile(r"F-[0-9A-Z]{4,12}", re.IGNORECASE)
_UNDECIDED_ID = re.compile(r"U-[0-9A-Z]{4,12}", re.IGNORECASE)


def is_name(text: str) -> bool:
    """Whether the text names a failure rather than a scenario."""
    # A scenario is a `.py` file, a folder or a module, never a `.json`.
    return bool(_ID.fullmatch(text)) or text.endswith(".json")


def is_undecided_name(text: str) -> bool:
    """Whether the text names an undecided plan."""
    return bool(_UNDECIDED_ID.fullmatch(text))


def keep_undecided(plan: UndecidedPlan) -> None:
    """Keeps an undecided plan."""
    write_text(_UNDECIDED / f"{plan.id}.json", as_json_text(plan, indent=2) + "\n")


def stored_undecided(name: str) -> UndecidedPlan:
    """One undecided plan by its id. Raises UsageError where there is none, or its file is not one."""
    path = _UNDECIDED / f"{name.upper()}.json"
    if not path.is_file():
        kept = ", ".join(sorted(one.stem for one in _UNDECIDED.glob("U-*.json"))) or "none"
        raise UsageError(f"no undecided plan {name} in {_UNDECIDED}/; kept: {kept}")
    try:
        return from_json_text(UndecidedPlan, path.read_text(encoding="utf-8"))
    except ValidationError as exc:
        first = exc.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise UsageError(f"{path}: not an undecided plan: {where}: {first['msg']}; fuzz again") from None
    except (OSError, ValueError) as exc:
        raise UsageError(f"{path}: cannot be read as an undecided plan ({exc}); fuzz again") from None


def every_undecided() -> list[UndecidedPlan]:
    """All undecided plans that are kept, those of the most examples first."""
    kept = [stored_undecided(path.stem) for path in sorted(_UNDECIDED.glob("U-*.json"))]
    return sorted(kept, key=lambda one: -one.examples)


def stored_failure(name: str) -> Failure:
    """One stored failure. Raises UsageError where there is none, or its file is not one."""
    if _ID.fullmatch(name):
        return Corpus().load(name)
    path = Path(name)
    # A file is named by its id, since loading it checks that both are the same. Not by `Path.is_file`, which raises
    # where the system has no names of such a length.
    if not os.path.isfile(name) or not _ID.fullmatch(path.stem):
        raise UsageError(f"{name}: not a stored failure; name one by its id, as F-7Q2K")
    return Corpus(path.parent).load(path.stem)


def is_all(names: Sequence[str]) -> bool:
    """Whether every stored failure is meant."""
    return [name.lower() for name in names] == ["all"]


def named(names: Sequence[str]) -> list[Failure]:
    """The stored failures of these names, each once, `all` every one. Raises UsageError, also where none is stored."""
    if not is_all(names):
        return [stored_failure(name) for name in dict.fromkeys(names)]
    if not (failures := every()):
        raise UsageError(f"no failure is stored in {FOLDER}/; agent-chaos fuzz finds them")
    return failures


def every(broken: list[AgentChaosError] | None = None) -> list[Failure]:
    """All stored failures. A file that is not one is put into `broken`; without that it raises UsageError."""
    return Corpus().load_all(broken)
