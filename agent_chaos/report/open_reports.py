"""Finds reports by the names people give them, and opens those that a command was asked for."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path

from agent_chaos import members, report
from agent_chaos.errors import UsageError
from agent_chaos.report.reporter import ReportFormat, View
from agent_chaos.report.several import Several


def report_formats() -> dict[str, ReportFormat]:
    """Every kind of report, by name."""
    found: list[ReportFormat] = members.exported(report, "REPORTER")
    return {one.name: one for one in found}


def open_reports(asked: Sequence[str], view: View) -> Several:
    """The reports that were asked for as `name` or `name:file`, beside the one for people.

    That one is left out where another is to have stdout for itself. Raises UsageError for a name or a file that cannot be.
    """
    known = report_formats()
    chosen = [_split(one, known) for one in asked]
    taken = [kind.name for kind, file in chosen if file is None and kind.owns_stdout]
    if len(taken) > 1:
        raise UsageError(
            f"--report {' and '.join(taken)}: both would write to stdout; give one a file, as {taken[0]}:FILE"
        )
    # Before anything runs: a file that cannot be written must not be found out after an hour of searching.
    opened = [kind.opens(file, view) for kind, file in chosen]
    return Several(opened if taken else [known["terminal"].opens(None, view), *opened])


def _split(asked: str, known: dict[str, ReportFormat]) -> tuple[ReportFormat, Path | None]:
    name, _, file = asked.partition(":")
    if name not in known:
        near = get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(sorted(known))}"
        if "," in name:
            hint = "give --report again for each"
        raise UsageError(f"--report {asked}: no such report; {hint}")
    return known[name], Path(file) if file else None
