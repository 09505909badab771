"""The file that a campaign writes each result to as it comes: a kill loses the run in flight, and nothing before it."""

from __future__ import annotations

from pathlib import Path

from agent_chaos.errors import UsageError
from agent_chaos.search.checkpoints.beginning import Beginning
from agent_chaos.search.checkpoints.kept_results import (
    PREAMBLE,
    CampaignEnd,
    KeptResults,
    frame_of_beginning,
    frame_of_end,
    frame_of_example,
    frame_of_shrink,
)
from agent_chaos.search.checkpoints.stopwatch import Stopwatch
from agent_chaos.search.example import Example
from agent_chaos.search.shrink import ShrinkResult, ShrinkTask

FILE = "checkpoint"
"""Its name in the folder of a campaign."""


class Checkpoint:
    """One campaign's file, open for writing. `kept` is what it held before, where the campaign is gone on with.

    Raises:
        UsageError: the file cannot be written.
    """

    def __init__(self, path: Path, beginning: Beginning, kept: KeptResults | None = None) -> None:
        self.path = path
        self.beginning = beginning
        self.kept = kept
        self.stopwatch = Stopwatch(kept.seconds if kept is not None else 0.0)
        try:
            self._file = path.open("ab")
        except OSError as exc:
            raise UsageError(f"{path}: cannot be written ({exc.strerror or exc})") from exc

    @classmethod
    def begun(cls, folder: Path, beginning: Beginning) -> Checkpoint:
        """A new one, in the folder of its campaign."""
        path = folder / FILE
        try:
            folder.mkdir(parents=True, exist_ok=True)
            path.write_bytes(PREAMBLE + frame_of_beginning(beginning))
        except OSError as exc:
            raise UsageError(f"{path}: cannot be written ({exc.strerror or exc})") from exc
        return cls(path, beginning)

    @classmethod
    def taken_up(cls, path: Path) -> Checkpoint:
        """An earlier one, to go on with: behind its last whole result."""
        kept = KeptResults(path)
        if kept.end < path.stat().st_size:
            kept.close()  # Windows shortens no file that is mapped
            with path.open("r+b") as file:
                file.truncate(kept.end)
            kept = KeptResults(path)
        return cls(path, kept.beginning, kept)

    def add_example(self, example: Example) -> None:
        self._write(frame_of_example(example, self.stopwatch.seconds))

    def add_shrink(self, task: ShrinkTask, result: ShrinkResult) -> None:
        self._write(frame_of_shrink(task, result, self.stopwatch.seconds))

    def end(self, *, interrupted: bool) -> None:
        """Says that the campaign came to its end, or was interrupted, and closes the file."""
        self._write(frame_of_end(CampaignEnd(interrupted=interrupted), self.stopwatch.seconds))
        self.close()

    def close(self) -> None:
        self._file.close()
        if self.kept is not None:
            self.kept.close()

    def _write(self, frame: bytes) -> None:
        try:
            self._file.write(frame)
            # To the operating system, which keeps it if this process is killed; a power cut may cost the last
            # results.
            self._file.flush()
        except OSError as exc:
            raise UsageError(f"{self.path}: cannot be written ({exc.strerror or exc})") from exc
