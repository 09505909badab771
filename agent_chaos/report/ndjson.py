"""What happens as lines of JSON, each written as it happens; `event.py` says what they hold."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TextIO

from agent_chaos.errors import UsageError
from agent_chaos.files import as_json_text, writable
from agent_chaos.report.event import ReportEvent, Searching
from agent_chaos.report.reporter import Reporter, ReportFormat, View

_EVERY_S = 1.0
"""Progress is told this often at most."""


class NdjsonReporter:
    """Writes a line for each event. It owns the stream it was given from `Ended` on."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._told_s = 0.0

    def tell(self, event: ReportEvent) -> None:
        if isinstance(event, Searching) and not self._due(event):
            return
        self._stream.write(as_json_text(event) + "\n")
        self._stream.flush()

    def _due(self, event: Searching) -> bool:
        # The clock of a search starts anew with each scenario, so that time may go back.
        due = event.seconds < self._told_s or event.seconds - self._told_s >= _EVERY_S
        self._told_s = event.seconds if due else self._told_s
        return due


def _opens(file: Path | None, view: View) -> Reporter:
    if file is None:
        return NdjsonReporter(sys.stdout)
    try:
        return NdjsonReporter(writable(file).open("w", encoding="utf-8", errors="backslashreplace"))
    except OSError as exc:
        raise UsageError(f"{file}: cannot be written ({exc.strerror})") from None


REPORTER = ReportFormat(name="ndjson", does="every event as a line of JSON, as it happens", opens=_opens)
