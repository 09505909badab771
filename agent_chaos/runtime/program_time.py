"""Real time that a run spends in programs of other processes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from agent_chaos.runtime import real


class ProgramTime:
    """Sums the real seconds of a run's programs, which have a limit of their own; one runs at a time."""

    def __init__(self) -> None:
        self._ended_s = 0.0
        self._since: float | None = None

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Within it real time is that of a program."""
        self._since = real.monotonic()
        try:
            yield
        finally:
            self._ended_s += real.monotonic() - self._since
            self._since = None

    def seconds(self) -> float:
        """Of all programs so far, with the one that still runs."""
        return self._ended_s + (0.0 if self._since is None else real.monotonic() - self._since)
