"""Pieces of Markdown."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Sequence

WRITTEN = "<!-- Written by `python -m docs.generate`; do not edit. -->"


def table(heading: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """The lines of a table; none without rows. A bar or a new line in a cell would end it."""
    lines = [_row(row) for row in rows]
    return [_row(heading), _row(["---"] * len(heading)), *lines] if lines else []


def prose(docstring: str | None) -> list[str]:
    """A docstring as Markdown: its sections (Args, Raises) become lists."""
    lines: list[str] = []
    for line in inspect.cleandoc(docstring or "").splitlines():
        section = line.removesuffix(":") if line in ("Args:", "Raises:", "Returns:", "Yields:") else ""
        if section:
            lines += [f"**{section}**", ""]
        elif line.startswith("    ") and not line.startswith("     ") and ": " in line:
            name, _, meaning = line.strip().partition(": ")
            lines.append(f"- `{name}`: {meaning}")
        else:
            lines.append(f"  {line.strip()}" if line.startswith("     ") else line)
    return lines


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|').replace(chr(10), ' ') for cell in cells)} |"
