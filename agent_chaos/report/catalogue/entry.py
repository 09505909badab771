"""What the catalogues say about one fault or one oracle, as values: the only thing that tables, JSON and pages show."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Protocol, TypeVar

from pydantic import BaseModel, ConfigDict

from agent_chaos.report.catalogue.reactions import Reaction


class CatalogueRow(Protocol):
    """Anything with a name that a pattern may find."""

    @property
    def name(self) -> str: ...

    @property
    def searchable(self) -> str: ...


E = TypeVar("E", bound=CatalogueRow)


class Parameter(BaseModel):
    """One field of a fault: the values it may have, and those a search draws, in words."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    values: str
    drawn: str = ""


class FaultEntry(BaseModel):
    """One fault. `protocols` and `forms` say where it can act; `word` is the fault in the DSL with its mildest values.

    `frequency` is how often it is met; `changes` what a client hears otherwise. `reactions` are what the SDKs do with it,
    as measured.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

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


class OracleEntry(BaseModel):
    """One oracle. `needs` is the fidelity its judgement rests on; `advice` what to do about what it finds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    does: str
    severity: str
    needs: str
    advice: tuple[str, ...]
    source: str

    @property
    def searchable(self) -> str:
        return " ".join((self.name, self.does, *self.advice, self.source))


def matching(entries: Sequence[E], pattern: str) -> tuple[E, ...]:
    """The entries that hold every word of the pattern, whatever its case; all of them for an empty one.

    A pattern that is exactly a name finds that entry alone.
    """
    exact = tuple(entry for entry in entries if entry.name == pattern)
    wanted = pattern.casefold().split()
    return exact or tuple(
        entry for entry in entries if all(word in entry.searchable.casefold() for word in wanted)
    )


def told(documented: object) -> tuple[str, str]:
    """A docstring as what it says and the source it names, each as one paragraph."""
    text = " ".join((inspect.getdoc(documented) or "").split())
    does, _, source = text.partition("Source: ")
    return does.rstrip(), source.rstrip(".")
