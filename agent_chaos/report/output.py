"""Where a report goes: a file that is written whole at the end, or stdout."""

from __future__ import annotations

import sys
from pathlib import Path

from agent_chaos.files import writable, write_text


class Output:
    """A place for one text. Raises UsageError at once where a file cannot be written there."""

    def __init__(self, file: Path | None) -> None:
        self._file = writable(file) if file is not None else None

    def write(self, text: str) -> None:
        """Writes everything; an earlier file stays until the new one is whole."""
        if self._file is None:
            sys.stdout.write(text)
        else:
            write_text(self._file, text)
