"""Breaks each promise of the engine on purpose, and says which tests notice: `python -m tests.mutants [WORD…]`.

A mutant is one small edit of the code; the tests that stand for its promise must fail. It is made in a copy of this checkout.
Words choose mutants by file or promise. The exit code is the number of mutants that live.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_TIMEOUT_S = 600


@dataclass(frozen=True)
class Mutant:
    """`before` stands exactly once in the file; with `after` in its place the promise is broken."""

    promise: str
    file: str
    before: str
    after: str
    tests: str


MUTANTS = (
    Mutant(
        "a faulted reply that broke does not consume its recording",
        "replay/player.py",
        "if not fired or reply.ok:",
        "if reply.ok:",
        "tests/replay",
    ),
    Mutant(
        "a client's timeout is met only by what comes later than it",
        "patch/transports/transfer.py",
        "late > limit",
        "late >= limit",
        "tests/patch/test_exceptions.py tests/patch/test_time.py",
    ),
    Mutant(
        "names are not resolved offline",
        "patch/guard.py",
        '    "socket.gethostbyname": _resolve,\n',
        "",
        "tests/patch/test_guard.py",
    ),
    Mutant(
        "datagrams are not sent offline",
        "patch/guard.py",
        '    "socket.sendto": _connect,\n',
        "",
        "tests/patch/test_guard.py",
    ),
    Mutant(
        "nothing is collected inside a trial",
        "patch/time/collector.py",
        "    gc.disable()\n",
        "",
        "tests/patch tests/trial/test_rehearsal.py",
    ),
    Mutant(
        "an ordered wait is kept whole",
        "oracles/retry_discipline.py",
        "* 0.95 - 0.05",
        "* 0.5",
        "tests/oracles/test_retries.py",
    ),
    Mutant(
        "a command line's first exchange is told from the server's own API",
        "patch/loopback/server.py",
        "answers = self._take if request.host else self._own",
        "answers = self._take",
        "tests/patch/loopback tests/serve",
    ),
)


def main(words: list[str]) -> int:
    chosen = [
        one for one in MUTANTS if not words or any(word in f"{one.file} {one.promise}" for word in words)
    ]
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "checkout"
        ignored = shutil.ignore_patterns(".git", ".venv", "node_modules", "__pycache__", ".mypy_cache")
        shutil.copytree(ROOT, copy, ignore=ignored)
        return sum(not _killed(one, copy) for one in chosen)


def _killed(mutant: Mutant, checkout: Path) -> bool:
    file = checkout / "agent_chaos" / mutant.file
    text = file.read_text()
    if text.count(mutant.before) != 1:
        _say("GONE", mutant, f"{text.count(mutant.before)} places read {mutant.before!r}")
        return False
    file.write_text(text.replace(mutant.before, mutant.after))
    started = time.monotonic()
    try:
        killer = _killer(mutant, checkout)
    finally:
        file.write_text(text)
    _say("killed" if killer else "LIVES", mutant, f"{killer} ({time.monotonic() - started:.0f} s)")
    return bool(killer)


def _killer(mutant: Mutant, checkout: Path) -> str:
    """The test that failed; '' where all passed."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *mutant.tests.split()]
    try:
        done = subprocess.run(
            command,
            cwd=checkout,
            env={"PYTHONPATH": str(checkout), "PATH": "/usr/bin:/bin"},
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return "the tests did not end"
    failed = [line for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    return failed[0][:120] if failed else ""


def _say(word: str, mutant: Mutant, detail: str) -> None:
    sys.stdout.write(f"{word:7} {mutant.file}: {mutant.promise}\n        {detail}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
