"""Opening a cassette of 10,000 exchanges, beside vcrpy loading a YAML file of 1,000 of them.

Run: python benchmarks/cassette_open.py
"""

from __future__ import annotations

import json
import random
import statistics
import string
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import vcr

from agent_chaos.cassette.keys import keys_of
from agent_chaos.cassette.model import Cassette, Exchange, Header
from agent_chaos.cassette.redaction.redactor import Redactor
from agent_chaos.cassette.storage.file import open_cassette
from agent_chaos.cassette.storage.foreign import export_cassette
from agent_chaos.cassette.storage.writer import CassetteWriter
from agent_chaos.stream.exchange import Reply, Request, reply

COUNT, YAML_COUNT, LIMIT_MS = 10_000, 1_000, 50.0
WORDS = ["".join(random.Random(i).choices(string.ascii_lowercase, k=3 + i % 7)) for i in range(2_000)]


def exchange(index: int, chance: random.Random) -> tuple[Request, Reply]:
    """A request of about 14 KB and a stream of about 6 KB."""
    messages = [{"role": "user", "content": " ".join(chance.choices(WORDS, k=60))} for _ in range(34)]
    body = {"model": "claude-opus-4-8", "max_tokens": 64, "stream": True, "messages": messages, "n": index}
    headers = (("content-type", "application/json"),)
    deltas = [
        {
            "type": "content_block_delta",
            "index": 0,
            "delta": {"type": "text_delta", "text": chance.choice(WORDS)},
        }
        for _ in range(48)
    ]
    frames = [f"event: content_block_delta\ndata: {json.dumps(delta)}\n\n".encode() for delta in deltas]
    request = Request("POST", "https://api.anthropic.com/v1/messages", headers, json.dumps(body).encode())
    return request, reply(200, (("content-type", "text/event-stream"),), frames, at=0.4, gap_s=0.02)


def recorded(path: Path, count: int) -> Cassette:
    """A cassette of `count` exchanges, 100 different ones over and over to save time."""
    chance = random.Random(1)
    header = Header(scenario="large", started_at=0.0)
    pairs = [exchange(i, chance) for i in range(100)]
    exchanges = [Exchange(i, 0, float(i), *pair, keys_of(pair[0])) for i, pair in enumerate(pairs)]
    writer = CassetteWriter(path, header, Redactor.from_environ({}))
    for i in range(0, count, len(exchanges)):
        writer.carry(Cassette(header, exchanges[: count - i]))
    return writer.finish()


def median_ms(run: Callable[[], object], times: int) -> float:
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        run()
        taken.append((time.perf_counter() - started) * 1_000)
    return statistics.median(taken)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        large, small, yaml = (
            Path(folder) / name for name in ("large.msgpack", "small.msgpack", "small.yaml")
        )
        recorded(large, COUNT)
        export_cassette(recorded(small, YAML_COUNT), yaml)
        ours = median_ms(lambda: open_cassette(large), 15)
        keyed = median_ms(lambda: list(open_cassette(large).keys), 15)
        ours_small = median_ms(lambda: open_cassette(small), 5)
        theirs = median_ms(lambda: vcr.use_cassette(str(yaml), record_mode="none").__enter__(), 1)
        print(
            f"open {COUNT:,} exchanges ({large.stat().st_size / 1e6:.0f} MB): {ours:.2f} ms, limit {LIMIT_MS:.0f} ms"
        )
        print(f"with all match keys read: {keyed:.2f} ms")
        print(f"vcrpy, YAML of {YAML_COUNT:,} ({yaml.stat().st_size / 1e6:.0f} MB): {theirs:.0f} ms")
        print(f"ratio per exchange, vcrpy YAML : ours = {theirs / YAML_COUNT / (ours / COUNT):,.0f} : 1")
        print(f"ratio at {YAML_COUNT:,} exchanges: {theirs / ours_small:,.0f} : 1")


if __name__ == "__main__":
    main()
