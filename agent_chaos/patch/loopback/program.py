"""Programs of other processes, started and spoken to from threads that belong to no run."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from agent_chaos.patch.loopback.aside import aside
from agent_chaos.runtime import real

_LAST_LINES = 40


@dataclass(frozen=True, slots=True)
class Finished:
    """How a turn of a program ended: what it wrote, and its exit code; None where it goes on (`persistent`)."""

    output: str
    errors: str = ""
    code: int | None = None


@dataclass(frozen=True, slots=True)
class Launch:
    """How a program is started."""

    command: tuple[str, ...]
    environ: Mapping[str, str]
    folder: Path | None = None


class Program:
    """One process. Started by `once` for a single turn, or by `start` for a turn a line of JSON."""

    def __init__(self, launch: Launch) -> None:
        self._launch = launch
        self._process: subprocess.Popen[str] | None = None
        self._errors: list[str] = []

    def once(self, arguments: Sequence[str], text: str | None) -> Finished:
        """Runs it to its end with that on stdin. Raises OSError where it cannot be started."""
        process = self._process = self._open([*self._launch.command, *arguments])
        output, errors = process.communicate(text)
        return Finished(output, _last(errors.splitlines()), process.returncode)

    def start(self) -> Finished:
        """Starts it for many turns. Raises OSError where it cannot be started."""
        process = self._process = self._open(list(self._launch.command))
        assert process.stderr is not None
        errors: IO[str] = process.stderr
        # Read beside: a program that fills the pipe of its errors stops until somebody reads it.
        aside(lambda: self._errors.extend(errors))
        return Finished("")

    def ask(self, message: Mapping[str, object]) -> Finished:
        """Writes a line and waits for one; where none comes, the program has ended."""
        process = self._process
        assert process is not None
        assert process.stdin is not None
        assert process.stdout is not None
        # The pipe of a program that has ended; how it ended is told below.
        with suppress(OSError):
            process.stdin.write(json.dumps(message) + "\n")
            process.stdin.flush()
        line = process.stdout.readline()
        if line:
            return Finished(line)
        # Its output is over, so it has ended or is about to.
        code = process.wait()
        return Finished("", _last(self._errors), code)

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def kill(self) -> None:
        """Ends it and what it started at once, whatever they do; nothing where it has ended."""
        if self._process is not None and self._process.poll() is None:
            if sys.platform == "win32":
                self._process.kill()
            else:
                with suppress(ProcessLookupError):
                    os.killpg(self._process.pid, signal.SIGKILL)
            # Until the system has ended it, it would pass for one that can be asked again.
            self._process.wait()

    def _open(self, command: list[str]) -> subprocess.Popen[str]:
        return subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            # A program's output may be any bytes; what it says is shown, not believed.
            errors="replace",
            env=dict(self._launch.environ),
            cwd=self._launch.folder,
            # A group of its own: what starts the agent for somebody (`npx`, `uv run`, a shell) does not end it.
            process_group=0,
        )


def _last(lines: Sequence[str]) -> str:
    return "\n".join(line.rstrip() for line in lines[-_LAST_LINES:])


class ProgramTurn:
    """A turn of a program, running aside. `inbox` gets the result, or the exception that kept it from running."""

    def __init__(self, inbox: real.SimpleQueue[object], work: Callable[[], Finished]) -> None:
        self._inbox = inbox
        self._work = work
        aside(self._run)

    def _run(self) -> None:
        try:
            self._inbox.put(self._work())
        except (OSError, ValueError) as exc:
            self._inbox.put(exc)
