"""Known failures a team lives with until a day: a small file to review, `.agent_chaos/accepted.json` by default."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from agent_chaos.errors import UsageError
from agent_chaos.files import write_text

ACCEPTED = Path(".agent_chaos") / "accepted.json"
"""Where the file lies unless the configuration says otherwise."""


class Acceptance(BaseModel):
    """One known failure, by its fingerprint in a scenario: why it is accepted, and the last day it is."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    id: str
    scenario: str
    fingerprint: str
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
    until: date

    @property
    def key(self) -> tuple[str, str]:
        return self.scenario, self.fingerprint


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    version: Literal[1] = 1
    accepted: tuple[Acceptance, ...] = ()


@dataclass(frozen=True)
class Baseline:
    """What is accepted, seen from `today`. Without entries nothing is."""

    entries: tuple[Acceptance, ...] = ()
    today: date = date.min

    @classmethod
    def load(cls, path: Path, today: date) -> Baseline:
        """The file's entries; none where there is no file. Raises UsageError for one that is not a baseline."""
        try:
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return cls((), today)
        except (OSError, ValueError) as exc:
            raise UsageError(f"{path}: cannot be read as accepted failures ({exc})") from None
        return cls(_parsed(path, text), today)

    def in_force(self, scenario: str, fingerprints: Iterable[str]) -> tuple[Acceptance, ...]:
        """The entries for these failures that hold today."""
        return tuple(one for one in self._of(scenario, fingerprints) if one.until >= self.today)

    def expired(self, scenario: str, fingerprints: Iterable[str]) -> tuple[Acceptance, ...]:
        """The entries for these failures whose last day has passed."""
        return tuple(one for one in self._of(scenario, fingerprints) if one.until < self.today)

    def _of(self, scenario: str, fingerprints: Iterable[str]) -> list[Acceptance]:
        wanted = {(scenario, fingerprint) for fingerprint in fingerprints}
        return [entry for entry in self.entries if entry.key in wanted]

    def with_entry(self, entry: Acceptance) -> Baseline:
        """The baseline with this entry, in place of an earlier one for the same failure."""
        others = [one for one in self.entries if one.key != entry.key]
        # Sorted, so that two branches that each accept a failure merge without a conflict at the end of the
        # file.
        return Baseline(tuple(sorted([*others, entry], key=lambda one: one.key)), self.today)

    def save(self, path: Path) -> None:
        """Writes the file. Raises UsageError where it cannot."""
        value = _File(accepted=self.entries).model_dump(mode="json")
        write_text(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


NOTHING = Baseline()
"""A baseline that accepts nothing."""


def _parsed(path: Path, text: str) -> tuple[Acceptance, ...]:
    try:
        return _File.model_validate(json.loads(text)).accepted
    except ValidationError as exc:
        first = exc.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise UsageError(f"{path}: not accepted failures: {where}: {first['msg']}") from None
    except (ValueError, RecursionError) as exc:
        raise UsageError(f"{path}: not JSON ({exc})") from None
