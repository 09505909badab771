"""`agent-chaos cassette export`: a cassette becomes a file for VCR.py, or an HTTP archive."""

from __future__ import annotations

from pathlib import Path

from agent_chaos.cassette.storage.file import open_cassette
from agent_chaos.cassette.storage.foreign import export_cassette
from agent_chaos.commands.output import print_line
from agent_chaos.errors import UsageError
from agent_chaos.files import writable
from agent_chaos.report.printable import count


def export(file: Path, output: Path | None, *, force: bool) -> int:
    """Writes a `.yaml` beside the cassette, or `output`. Raises UsageError where a file is in the way."""
    target = output or file.with_suffix(".yaml")
    cassette = open_cassette(file)
    if target.exists() and not force:
        raise UsageError(f"{target}: exists; --force writes over it")
    playable = export_cassette(cassette, writable(target))
    left = len(cassette.exchanges) - playable
    rest = f"; {left} broke before a status line, which other tools cannot play" if left else ""
    print_line(f"{target}: {count(playable, 'call')}{rest}")
    return 0
