"""How long a user waits: the first finding, and 200 examples of every shipped scenario, from the start of the process.

Run: python benchmarks/wall_time.py. Prints medians of five beside `python -c 'import anthropic, hypothesis'`, taken in
turn in the same run; nothing is asserted.
"""

from __future__ import annotations

import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

ROOT = Path(__file__).resolve().parent.parent
SCENARIOS = ("refund", "support", "research", "trip", "careful_refund")
ROUNDS = 5
_FOUND = re.compile(r" *\d+\.\d s  ")
"""How `fuzz -v` begins the line of a failure, as soon as it has met it."""


def seconds_of(command: list[str], folder: Path) -> tuple[float, float | None]:
    """Wall seconds of a command, and until it first printed a failure it found."""
    started, first = perf_counter(), None
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        for line in running.stdout:
            if first is None and _FOUND.match(line):
                first = perf_counter() - started
    return perf_counter() - started, first


def main() -> None:
    took: dict[str, list[float]] = {}
    for _ in range(ROUNDS):
        took.setdefault("import", []).append(
            seconds_of([sys.executable, "-c", "import anthropic, hypothesis"], ROOT)[0]
        )
        for name in SCENARIOS:
            with tempfile.TemporaryDirectory() as empty:
                folder = Path(empty)
                shutil.copytree(ROOT / "cassettes", folder / "cassettes")
                shutil.copytree(ROOT / "scenarios", folder / "scenarios")
                whole, first = seconds_of(
                    [sys.executable, "-m", "agent_chaos", "fuzz", f"scenarios/{name}.py", "-v"], folder
                )
            took.setdefault(f"{name}, 200 examples", []).append(whole)
            if first is not None:
                took.setdefault(f"{name}, first finding", []).append(first)
    floor = statistics.median(took["import"])
    for what, times in took.items():
        median = statistics.median(times)
        print(
            f"{what:<32} {median:6.2f} s  {median / floor:6.1f} x import  ({min(times):.2f}-{max(times):.2f})"
        )


if __name__ == "__main__":
    main()
