"""The catalogues in a terminal: one line each, or in full where few were asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from agent_chaos.report.catalogue.entry import FaultEntry, OracleEntry
from agent_chaos.report.catalogue.page import changes, outcome
from agent_chaos.report.catalogue.reactions import SDKS
from agent_chaos.report.console import put

FEW = 5
"""How many entries are shown in full."""
WIDE = 110
"""Columns of a terminal that has room for where a fault acts."""


def show_faults(out: Console, entries: Sequence[FaultEntry]) -> None:
    """One line each under its family, or each in full."""
    if len(entries) <= FEW:
        _show(out, [_full(entry.name, entry.does, _fault_facts(entry)) for entry in entries])
        return
    wide = out.width >= WIDE
    table = _table(3 + wide)
    for (level, family), members in groupby(entries, key=lambda entry: (entry.level, entry.family)):
        table.add_row(Text(f"{level}: {family.replace('_', ' ')}", "dim"))
        for entry in members:
            recovers = "transparent" if entry.transparent else "visible"
            does = _first_sentence(entry.does) + ("" if entry.searched else " (not searched)")
            cells = (recovers, *((entry.where,) if wide else ()), does)
            table.add_row(Text(f"  {entry.name}", "bold"), *map(Text, cells))
    put(out, table)
    put(out, Text(f"\n{len(entries)} faults; agent-chaos faults NAME shows one in full.", "dim"))


def show_oracles(out: Console, entries: Sequence[OracleEntry]) -> None:
    """One line each, or each in full."""
    if len(entries) <= FEW:
        _show(out, [_full(entry.name, entry.does, _oracle_facts(entry)) for entry in entries])
        return
    table = _table(3)
    for entry in entries:
        table.add_row(Text(entry.name, "bold"), entry.severity, Text(_first_sentence(entry.does)))
    put(out, table)
    put(out, Text(f"\n{len(entries)} oracles; agent-chaos oracles NAME shows one in full.", "dim"))


def _table(columns: int) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    for number in range(columns):
        last = number == columns - 1
        # Names are for copying, and stay whole; the last column takes what is left, and folds.
        table.add_column(no_wrap=not last, ratio=1 if last else None)
    return table


def _show(out: Console, parts: Sequence[RenderableType]) -> None:
    for part in parts:
        put(out, part)


def _full(name: str, does: str, facts: Iterator[tuple[str, str]]) -> RenderableType:
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for label, words in facts:
        table.add_row(label, Text(words))
    return Group(Text(name, "bold"), Padding(Group(Text(does), table), (0, 0, 1, 2)))


def _fault_facts(entry: FaultEntry) -> Iterator[tuple[str, str]]:
    yield "level", f"{entry.level}, family {entry.family}"
    yield "met", entry.frequency
    yield "outcome", outcome(entry)
    if entry.changes:
        yield "changes", changes(entry)
    yield "acts on", entry.where
    yield "written", entry.word
    for one in entry.parameters:
        yield one.name, one.values + (f"; a search draws {one.drawn}" if one.drawn else "")
    yield "evidence", entry.source
    for reaction in entry.reactions:
        for sdk, does in reaction.by_sdk.items():
            yield SDKS[sdk], f"{reaction.at}: {does}"


def _oracle_facts(entry: OracleEntry) -> Iterator[tuple[str, str]]:
    yield "severity", entry.severity
    yield "needs", entry.needs
    for advice in entry.advice:
        yield "advice", advice
    yield "evidence", entry.source


def _first_sentence(text: str) -> str:
    return text.split(". ")[0].removesuffix(".")
