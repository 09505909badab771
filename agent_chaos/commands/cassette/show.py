"""`agent-chaos cassette show`: a cassette as plain text, the same for the same cassette, so that git can diff it."""

from __future__ import annotations

import sys
from pathlib import Path

from agent_chaos.cassette.storage.file import open_cassette
from agent_chaos.cassette.summary import show_lines
from agent_chaos.report.printable import printable


def show(file: Path) -> int:
    """Writes the cassette's lines, never coloured or wrapped. Raises CassetteError."""
    for line in show_lines(open_cassette(file)):
        sys.stdout.write(printable(line) + "\n")
    return 0
