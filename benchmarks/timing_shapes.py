"""How often each kind of wait replays alike: every shape many times, in one process, in any order.

Run: python -m benchmarks.timing_shapes [REPLAYS]
"""

from __future__ import annotations

import sys
from collections import Counter
from random import Random

from agent_chaos.runtime import real
from tests.patch.timing_shapes import SHAPES, ask
from tests.trials import claude_says, recorded, scenario, trial


def main() -> None:
    replays = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000
    cassette = recorded(scenario(lambda ctx, text: ask()), [claude_says("hi", at=30.0)])
    order = [name for name in SHAPES for _ in range(replays)]
    Random(1).shuffle(order)
    started, digests = real.perf_counter(), {name: Counter[str]() for name in SHAPES}
    for name in order:
        digests[name][trial(scenario(SHAPES[name][0]), cassette).digest] += 1
    took = real.perf_counter() - started
    for name, seen in digests.items():
        if len(seen) > 1:
            print(f"{name}: {len(seen)} different traces, the commonest {max(seen.values())} times")
    alike = sum(len(seen) == 1 for seen in digests.values())
    print(f"{alike} of {len(SHAPES)} shapes alike {replays} times; {took / len(order) * 1e3:.1f} ms a replay")


if __name__ == "__main__":
    main()
