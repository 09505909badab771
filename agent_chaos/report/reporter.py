"""The contract of a reporter: it is told what happens, as values, and shows or writes that.

A member of this folder exports a `ReportFormat` as `REPORTER`; `--report NAME[:FILE]` names it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from agent_chaos.report.event import ReportEvent


@dataclass(frozen=True, slots=True)
class View:
    """How much to show: `verbosity` is -1 for little, 0, or 1 for everything; `full` shows every finding in full."""

    verbosity: int = 0
    full: bool = False
    coverage: bool = False


USUAL = View()
"""What is shown unless somebody asks for more or less."""


class Reporter(Protocol):
    """Shows or writes what a command does. What it raises never changes a verdict: see `several.py`."""

    def tell(self, event: ReportEvent) -> None:
        """Something happened. The last event is `Ended`."""
        ...


@dataclass(frozen=True, slots=True)
class ReportFormat:
    """A kind of report, by the name people give it.

    Args:
        does: what it is, in a few words, for `--help`.
        opens: makes a reporter that writes to a file, or to stdout where there is none. Raises UsageError at once where
            it cannot.
        owns_stdout: whether nothing else may be printed where it writes to stdout.
    """

    name: str
    does: str
    opens: Callable[[Path | None, View], Reporter]
    owns_stdout: bool = True
