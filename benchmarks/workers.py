"""What a second worker gains, beside what a second process gains that only counts.

Run: python -m benchmarks.workers [--examples N] [--scenario NAME]. Prints wall seconds and ratios of one run; nothing is asserted.
"""

from __future__ import annotations

import argparse
import multiprocessing
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

ROOT = Path(__file__).resolve().parent.parent
_TURNS = 30_000_000
"""Of a loop that only counts: some seconds."""


def spin(turns: int) -> None:
    """Counts, and nothing else."""
    for _ in range(turns):
        pass


def spinning_s(processes: int) -> float:
    """Wall seconds until `processes` loops, among them as many turns as one has alone, are done."""
    running = [multiprocessing.Process(target=spin, args=(_TURNS // processes,)) for _ in range(processes)]
    began = perf_counter()
    for one in running:
        one.start()
    for one in running:
        one.join()
    return perf_counter() - began


def fuzzing_s(scenario: str, workers: int, examples: int) -> float:
    """Wall seconds of the command, in a folder of its own."""
    with tempfile.TemporaryDirectory() as empty:
        for name in ("cassettes", "scenarios"):
            shutil.copytree(ROOT / name, Path(empty) / name)
        asked = ["--workers", str(workers), "--max-examples", str(examples), "-q"]
        command = [sys.executable, "-m", "agent_chaos", "fuzz", f"scenarios/{scenario}.py", *asked]
        began = perf_counter()
        subprocess.run(command, cwd=empty, stdout=subprocess.DEVNULL, check=False)
        return perf_counter() - began


def main() -> int:
    options = argparse.ArgumentParser(description="What a second worker gains.")
    options.add_argument("--examples", type=int, default=2_000)
    options.add_argument("--scenario", default="careful_refund")
    asked = options.parse_args()
    print("| | one, s | two, s | gain |\n| --- | --- | --- | --- |")
    # Alone and together by turns, so that what else the machine does meets both alike.
    spun = [spinning_s(1), spinning_s(2)]
    took = [fuzzing_s(asked.scenario, workers, asked.examples) for workers in (1, 2)]
    spun = [one + again for one, again in zip(spun, [spinning_s(1), spinning_s(2)], strict=True)]
    for name, (one, two) in (("loops", spun), (f"{asked.scenario}, {asked.examples:,} examples", took)):
        print(f"| {name} | {one:.1f} | {two:.1f} | {one / two:.2f} |", flush=True)
    print(f"two workers gain {took[0] / took[1] / (spun[0] / spun[1]):.2f} of what two loops do")
    return 0


if __name__ == "__main__":
    sys.exit(main())
