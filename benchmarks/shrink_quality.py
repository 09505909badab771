"""Thirty failing plans of five faults with a planted cause of one to three, shrunk.

Run: python benchmarks/shrink_quality.py. Prints how many came out as the exact smallest plan, and the trials it took.
"""

from __future__ import annotations

import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.search.planted import FAULTS, planted

CASES = 30


def main() -> int:
    exact, runs, seconds = 0, [], []
    for number in range(CASES):
        case = planted(number)
        started = time.perf_counter()
        shrunk = case.shrunk()
        seconds.append(time.perf_counter() - started)
        runs.append(shrunk.runs)
        exact += shrunk.smallest and shrunk.plan == case.smallest
        if shrunk.plan != case.smallest:
            print(f"case {number}: got {shrunk.plan}; the smallest is {case.smallest}")
    print(f"{exact} of {CASES} plans of {FAULTS} faults became the exact smallest plan")
    print(f"trials per plan: median {statistics.median(runs):.0f}, most {max(runs)}")
    print(f"seconds per plan: median {statistics.median(seconds):.2f}, most {max(seconds):.2f}")
    return exact != CASES


if __name__ == "__main__":
    sys.exit(main())
