"""What the catalogues say about one fault or one oracle, as values: the only thing that tables, JSON and pages show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from agent_chaos.report.catalogue.reactions import Reaction


class CatalogueRow(Protocol):
    """Anything with a name that a pattern may find."""

    @property
    def name(self) -> str: ...

    @property
    def searchable(self) -> str: ...


_Row = TypeVar("_Row", bound=CatalogueRow)


@dataclass(frozen=True, slots=True)
class Parameter:
    """One field of a fault: the values it may have, and those a search draws, in words."""

    name: str
    values: str
    drawn: str = ""


@dataclass(frozen=True, slots=True)
class FaultEntry:
    """One fault. `protocols` and `forms` say where it can act; `word` is the fault in the DSL with its mildest values.

    `frequency` is how often it is met; `changes` what a client hears otherwise. `reactions` are what the SDKs do with it,
    as measured.
    """

    name: str
    level: str
    family: str
    frequency: str
    does: str
    transparent: bool
    searched: bool
    where: str
    protocols: tuple[str, ...]
    forms: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    word: str
    source: str
    changes: tuple[str, ...] = ()
    reactions: tuple[Reaction, ...] = ()

    @property
    def searchable(self) -> str:
        return " ".join(
            (self.name, self.level, self.family, self.frequency, self.word, self.does, self.source)
        )


@dataclass(frozen=True, slots=True)
class OracleEntry:
    """One oracle. `needs` is the fidelity its judgement rests on; `advice` what to do about what it finds."""

    name: str
    does: str
    severity: str
    needs: str
    advice: tuple[str, ...]
    source: str

    @property
    def searchable(self) -> str:
        return " ".join((self.name, self.does, *self.advice, self.source))


def matching(entries: Sequence[_Row], pattern: str) -> tuple[_Row, ...]:
    """The entries that hold every word of the pattern, whatever its case; all of them for an empty one.

    A pattern that is exactly a name finds that entry alone.
    """
    exact = tuple(entry for entry in entries if entry.name == pattern)
    wanted = pattern.casefold().split()
    return exact or tuple(
        entry for entry in entries if all(word in entry.searchable.casefold() for word in wanted)
    )
