"""Stored failures: one JSON file each under `.agent_chaos/`, meant to be committed and replayed first next time."""

from __future__ import annotations

import json
import platform
from functools import cache
from hashlib import blake2b
from importlib import metadata
from pathlib import Path

from pydantic import ValidationError

from agent_chaos.errors import AgentChaosError, PlanError, UsageError
from agent_chaos.faults.plan import Plan
from agent_chaos.files import write_text
from agent_chaos.oracles.oracle import Violation
from agent_chaos.search.failure import Failure
from agent_chaos.search.subject import Subject
from agent_chaos.version import __version__

FOLDER = Path(".agent_chaos")
# Crockford's base 32: no letter that people take for a digit.
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_SHORTEST, _LONGEST = 4, 12


class Corpus:
    """The stored failures of a folder."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self.folder = folder

    def load_all(self, broken: list[AgentChaosError] | None = None) -> list[Failure]:
        """Every stored failure, by id.

        What a file that is not one raises (UsageError or PlanError) is put into `broken`, or raised where that is None.
        """
        found = []
        for path in sorted(self.folder.glob("F-*.json")):
            try:
                found.append(self._read(path))
            except AgentChaosError as exc:
                if broken is None:
                    raise
                broken.append(exc)
        return found

    def load(self, failure_id: str) -> Failure:
        """One stored failure, whatever the case of its id. Raises UsageError where there is none."""
        for path in sorted(self.folder.glob("F-*.json")):
            if path.stem.upper() == failure_id.upper():
                return self._read(path)
        stored = ", ".join(path.stem for path in sorted(self.folder.glob("F-*.json"))) or "none"
        raise UsageError(f"no failure {failure_id} in {self.folder}/; stored: {stored}")

    def save(self, failure: Failure) -> Failure:
        """Stores a failure, in place of the earlier one of the same fingerprint; gives it back with the id it got."""
        kept = failure.model_copy(update={"id": self._free_id(failure)})
        text = json.dumps(kept.model_dump(mode="json"), indent=2, ensure_ascii=False, sort_keys=True)
        # In one step: Ctrl-C leaves the old file or the new one.
        write_text(self.folder / f"{kept.id}.json", text + "\n")
        return kept

    def remove(self, failure: Failure) -> None:
        """Forgets a failure."""
        (self.folder / f"{failure.id}.json").unlink(missing_ok=True)

    def remove_unconfirmed(self, scenario: str, fingerprint: str) -> None:
        """Forgets a failure as it was met, if there is one; one that was confirmed by runs of its own stays."""
        for one in self.load_all():
            if (one.scenario, one.fingerprint) == (scenario, fingerprint) and not (
                one.smallest or one.checks
            ):
                self.remove(one)

    def _free_id(self, failure: Failure) -> str:
        """The shortest id that no other failure has."""
        # Short ids are for people; where two failures of a folder share one, the second gets a letter more.
        for length in range(_SHORTEST, _LONGEST + 1):
            found = failure_id(failure.scenario, failure.fingerprint, length)
            path = self.folder / f"{found}.json"
            if not path.exists() or _same(self._read(path), failure):
                return found
        raise UsageError(f"{self.folder}/ has another failure under every id of {failure.fingerprint}")

    def _read(self, path: Path) -> Failure:
        try:
            value = json.loads(path.read_text(encoding="utf-8"))
            if isinstance(value, dict) and isinstance(value.get("version"), int) and value["version"] > 1:
                raise UsageError(
                    f"{path}: failure format {value['version']}, this agent-chaos reads 1; upgrade it"
                )
            return Failure.model_validate(value)
        except PlanError as exc:
            raise PlanError(f"{path}: {exc}") from None
        except ValidationError as exc:
            first = exc.errors()[0]
            where = ".".join(str(part) for part in first["loc"]) or "the file"
            raise UsageError(f"{path}: not a stored failure: {where}: {first['msg']}") from None
        except (OSError, ValueError, RecursionError) as exc:
            raise UsageError(f"{path}: cannot be read as a stored failure ({exc})") from None


def _same(one: Failure, other: Failure) -> bool:
    return (one.scenario, one.fingerprint) == (other.scenario, other.fingerprint)


def failure_id(scenario: str, fingerprint: str, length: int = _SHORTEST, *, letter: str = "F") -> str:
    """`F-` (or another letter) and `length` letters that depend on scenario and fingerprint alone."""
    # A digest, since the same failure must have the same id on every machine that finds it.
    number = int.from_bytes(blake2b(f"{scenario}\n{fingerprint}".encode(), digest_size=8).digest(), "big")
    letters = [_CROCKFORD[(number >> (5 * i)) & 31] for i in range(length)]
    return f"{letter}-" + "".join(letters)


@cache
def installed_version(package: str) -> str:
    """The version of a package in this process; '' where there is none."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


def failure_of(
    subject: Subject,
    violation: Violation,
    plan: Plan,
    *,
    seed: int,
    smallest: bool,
    checks: int,
    runs_seen: int = 1,
) -> Failure:
    """A violation under a plan as it is stored."""
    return Failure(
        id=failure_id(subject.name, violation.fingerprint),
        scenario=subject.name,
        target=subject.target,
        fingerprint=violation.fingerprint,
        violation=violation,
        plan=plan,
        seed=seed,
        smallest=smallest,
        checks=checks,
        runs_seen=runs_seen,
        cassette_digest=subject.cassette_digest,
        versions=versions_of(subject),
    )


def versions_of(subject: Subject) -> dict[str, str]:
    """What a failure of a subject depends on beside its recording."""
    versions = dict(subject.versions)
    # What is installed now, where that differs from what was recorded: it is what the failure was seen with.
    versions |= {name: now for name in versions if (now := installed_version(name))}
    return {**versions, "agent-chaos": __version__, "python": platform.python_version()}


def is_proven(failure: Failure, subject: Subject) -> bool:
    """Whether a stored failure is smallest, and nothing has changed since that was shown."""
    unchanged = failure.cassette_digest == subject.cassette_digest and failure.versions == versions_of(
        subject
    )
    # A recording that was never on the disk has no digest, so nothing shows that it is the same.
    return failure.smallest and bool(failure.cassette_digest) and unchanged
