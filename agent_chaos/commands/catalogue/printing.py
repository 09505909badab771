"""Prints a catalogue in the form that was asked for. Shared by the commands that have one."""

from __future__ import annotations

import json as json_text
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from difflib import get_close_matches
from typing import TypeVar

from rich.console import Console

from agent_chaos.errors import UsageError
from agent_chaos.report.catalogue.entry import FaultEntry, OracleEntry, matching
from agent_chaos.report.console import console, reader_left

_Row = TypeVar("_Row", FaultEntry, OracleEntry)


def print_catalogue(
    entries: Sequence[_Row],
    noun: str,
    pattern: str,
    show: Callable[[Console, Sequence[_Row]], None],
    page: Callable[[Sequence[_Row]], str],
    *,
    json: bool,
    markdown: bool,
) -> int:
    """The entries that match, as JSON, as a page or in the terminal. Raises UsageError where none does."""
    if json and markdown:
        raise UsageError("--json and --markdown are two forms of one list; give one of them")
    found = matching(entries, pattern)
    if not found:
        near = get_close_matches(pattern, [entry.name for entry in entries], n=3)
        hint = (
            f"; did you mean {' or '.join(near)}?"
            if near
            else f"; agent-chaos {noun}s lists all {len(entries)}"
        )
        raise UsageError(f"no {noun} matches {pattern!r}{hint}")
    if json:
        values = [asdict(entry) for entry in found]
        sys.stdout.write(json_text.dumps(values, ensure_ascii=False, indent=2) + "\n")
    elif markdown:
        sys.stdout.write(page(found))
    else:
        _shown(show, found)
    return 0


def _shown(show: Callable[[Console, Sequence[_Row]], None], found: Sequence[_Row]) -> None:
    try:
        show(console(), found)
        # `| head` closes the pipe; without this the error would only come as Python ends, and as a traceback.
        sys.stdout.flush()
    except BrokenPipeError:
        reader_left()
