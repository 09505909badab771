"""Reads a folder of cassettes, in any state, and never anything outside of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from agent_chaos.cassette.model import Cassette
from agent_chaos.cassette.redaction.audit import AuditFinding
from agent_chaos.cassette.storage.audit import scan
from agent_chaos.cassette.storage.file import open_cassette
from agent_chaos.cassette.summary import Summary, summarise
from agent_chaos.errors import AgentChaosError

SUFFIX = ".msgpack"
MOST_CASSETTES = 500
"""How many recordings the list reads and shows at once."""


@dataclass(frozen=True, slots=True)
class CassetteRow:
    """One recording, as a row of the list. `problem` says why it could not be read; then `summary` is None."""

    file: str
    size: int
    summary: Summary | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class CassetteFolder:
    """A folder of cassettes, which need not exist. Files are read when they are asked for, and kept while they do not change."""

    root: Path

    def rows(self) -> list[CassetteRow]:
        """Every cassette, as `names` has them."""
        return [self._row(name) for name in self.names()]

    def names(self) -> list[str]:
        """The path of every cassette below the folder, in order, of the first `MOST_CASSETTES` files; none of them is read."""
        found = sorted(path.relative_to(self.root).as_posix() for path in self.root.rglob(f"*{SUFFIX}"))
        return [name for name in found[:MOST_CASSETTES] if self._path(name) is not None]

    def opened(self, file: str) -> Cassette | None:
        """A cassette by its path below the folder; None where there is none. Raises AgentChaosError for one that is damaged."""
        path = self._path(file)
        return None if path is None else _opened(path, path.stat().st_mtime_ns, path.stat().st_size)

    def secrets(self, file: str) -> list[AuditFinding]:
        """What looks like a secret in a cassette, and what could not be read. Raises as `opened`."""
        path = self._path(file)
        return [] if path is None else _scanned(path, path.stat().st_mtime_ns, path.stat().st_size)

    def _row(self, file: str) -> CassetteRow:
        path = self.root / file
        size = 0
        try:
            found = path.stat()
            size = found.st_size
            return CassetteRow(file, size, _summary(path, found.st_mtime_ns, size))
        except (AgentChaosError, OSError) as exc:  # another process may remove it meanwhile
            return CassetteRow(file, size, problem=str(exc))

    def _path(self, file: str) -> Path | None:
        parts = file.split("/")
        # No part that leads elsewhere, and none that is hidden.
        if not file.endswith(SUFFIX) or "\0" in file or not all(part and part[0] != "." for part in parts):
            return None
        path = self.root / file
        # Wherever a link in the folder leads.
        return path if path.is_file() and path.resolve().is_relative_to(self.root.resolve()) else None


@lru_cache(maxsize=8)
def _opened(path: Path, changed: int, size: int) -> Cassette:
    return open_cassette(path)


@lru_cache(maxsize=MOST_CASSETTES)
def _summary(path: Path, changed: int, size: int) -> Summary:
    return summarise(open_cassette(path))


@lru_cache(maxsize=64)
def _scanned(path: Path, changed: int, size: int) -> list[AuditFinding]:
    return scan(path)
