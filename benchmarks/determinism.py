"""1,000 replays of one recording, sync and asyncio: how many different traces, and how much faster than the clock.

Run: python benchmarks/determinism.py. Prints the counts and ratios of one run; nothing is asserted.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from agent_chaos.runtime import real
from tests.patch.test_time import ask, ask_async, five_clients, limited
from tests.trials import claude_says, recorded, scenario, trial

REPLAYS = 1_000


def main() -> None:
    answers = [claude_says(f"answer {i}", at=1.0 + i) for i in range(5)]
    for name, agent, replies in (
        ("sync, three Retry-After of 600 s", ask, limited()),
        ("asyncio, three Retry-After of 600 s", ask_async, limited()),
        ("five fresh AsyncAnthropic at once", five_clients, answers),
    ):
        one = scenario(agent)
        cassette = recorded(one, replies)
        trial(one, cassette)
        started = real.perf_counter()
        traces = [trial(one, cassette) for _ in range(REPLAYS)]
        took = real.perf_counter() - started
        virtual = sum(trace.virtual_s for trace in traces)
        print(
            f"{name:<36} {len(traces)} replays, {len({trace.digest for trace in traces})} different traces; "
            f"{traces[0].virtual_s:,.1f} virtual s each, {took / REPLAYS * 1e3:.2f} ms real, {virtual / took:,.0f} : 1"
        )


if __name__ == "__main__":
    main()
