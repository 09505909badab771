"""How much memory a campaign takes, over its examples: what is kept of each is what is reported later.

Run: python -m benchmarks.memory [--examples N] [--where]
"""

from __future__ import annotations

import argparse
import gc
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import httpx

from agent_chaos import BaselineScenario
from agent_chaos.search.campaign import Progress
from agent_chaos.search.checkpoints.beginning import Beginning, CampaignSelection
from agent_chaos.search.checkpoints.checkpoint import Checkpoint
from agent_chaos.search.search import find_failures
from agent_chaos.trial.rehearsal import Rehearsal
from tests.spoken import spoken
from tests.standin.said import Said
from tests.trials import recorded

_MARKS = 10
_WARM = 0.25
"""Of the examples, how many are warm-up."""


# without certificates, which take longer to load than all else; nothing is sent
_client = httpx.Client(verify=False, timeout=30)


def agent(ctx: object, text: str) -> str:
    """Asks once, without an SDK, and again where that fails."""
    asked = {"model": "gpt-5", "messages": [{"role": "user", "content": text}]}
    for attempt in range(4):
        try:
            reply = _client.post("https://api.openai.com/v1/chat/completions", json=asked)
            return str(reply.raise_for_status().json()["choices"][0]["message"]["content"])
        except (httpx.HTTPError, ValueError, KeyError, IndexError, TypeError):
            time.sleep(2**attempt)
    return "Nobody answers; please ask again later."


def _cheap() -> Rehearsal:
    scenario = BaselineScenario(name="cheap", agent=agent, turns=("How are you?",))
    reply = spoken("openai_chat", Said("I am fine, thank you for asking."), 0, stream=False)
    subject = Rehearsal(scenario, cassette=recorded(scenario, [reply]))
    subject.prepare()
    return subject


def rss_mb() -> float:
    """Resident memory of this process, from Linux."""
    fields = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in fields if line.startswith("VmRSS"))


class _Watch:
    """Prints memory at marks, and where it went between the end of the warm-up and the end."""

    def __init__(self, examples: int, *, where: bool) -> None:
        self._step = max(1, examples // _MARKS)
        self._warm = int(examples * _WARM)
        self._where = where
        self.seen: list[tuple[int, float]] = []
        self._before: Counter[str] = Counter()

    def __call__(self, progress: Progress) -> None:
        if progress.phase != "search" or progress.done % self._step:
            return
        self.seen.append((progress.done, rss_mb()))
        print(
            f"| {progress.done:,} | {self.seen[-1][1]:.1f} | {progress.done / progress.seconds:.0f} |",
            flush=True,
        )
        if self._where and not self._before and progress.done >= self._warm:
            self._before = _objects()

    def told(self) -> None:
        warm = next(one for one in self.seen if one[0] >= self._warm)
        last = self.seen[-1]
        grown_mb, examples = last[1] - warm[1], last[0] - warm[0]
        print(
            f"after {warm[0]:,} examples: +{grown_mb / warm[1]:.1%}, {grown_mb * 2**20 / examples:.0f} bytes an example"
        )
        if self._before:
            more = Counter(_objects())
            more.subtract(self._before)
            for kind, count in more.most_common(12):
                print(f"{count / examples:8.3f} an example  {kind}")


def _objects() -> Counter[str]:
    """The objects that hold others, by their types."""
    gc.collect()
    return Counter(f"{type(one).__module__}.{type(one).__qualname__}" for one in gc.get_objects())


def main() -> int:
    options = argparse.ArgumentParser(description="How much memory a campaign takes, over its examples.")
    options.add_argument("--examples", type=int, default=20_000)
    options.add_argument("--where", action="store_true", help="say of which types objects were added")
    asked = options.parse_args()
    subject = _cheap()
    watch = _Watch(asked.examples, where=asked.where)
    print("| examples | MB resident | examples a second |\n| --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder:
        begun = Beginning.of(
            subject,
            seed=0,
            max_examples=asked.examples,
            shard="1/1",
            selection=CampaignSelection(),
            stored=(),
        )
        find_failures(
            subject,
            max_examples=asked.examples,
            listener=watch,
            max_shrink_runs=0,
            checkpoint=Checkpoint.begun(Path(folder), begun),
        )
        size = sum(one.stat().st_size for one in Path(folder).iterdir())
    watch.told()
    print(f"checkpoint: {size / asked.examples:.0f} bytes an example")
    return 0


if __name__ == "__main__":
    sys.exit(main())
