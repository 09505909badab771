"""One replayed call through the anthropic SDK, beside the same call on MockTransport and on vcrpy's YAML.

Run: python benchmarks/replay_overhead.py. Prints medians and ratios of one run; nothing is asserted.
"""

from __future__ import annotations

import contextlib
import gc
import json
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import anthropic
import httpx2

from agent_chaos.cassette.keys import KEY_VERSION, keys_of
from agent_chaos.cassette.model import Cassette, Exchange, Header
from agent_chaos.cassette.redaction.redactor import Redactor
from agent_chaos.faults.plan import Plan
from agent_chaos.patch.install import install_offline
from agent_chaos.replay.match import ExchangeIndex
from agent_chaos.replay.player import Player
from agent_chaos.replay.toolbox import Toolbox
from agent_chaos.runtime import real
from agent_chaos.runtime.active import enter, leave
from agent_chaos.runtime.clock import VirtualClock
from agent_chaos.runtime.session import Session
from agent_chaos.runtime.tape import Tape
from agent_chaos.stream.exchange import Request, reply
from agent_chaos.trial.answers import Answerer

EXCHANGES = 1_000
ROUNDS = 5
MATCH_ON = ("method", "scheme", "host", "port", "path", "query", "body")
WORDS = [f"word{i}" for i in range(2_000)]


def body(i: int) -> dict[str, Any]:
    """A request of about 14 KB."""
    text = " ".join(Random(i).choices(WORDS, k=1_800))
    return {"max_tokens": 100, "model": "claude-sonnet-5", "messages": [{"role": "user", "content": text}]}


def message(i: int) -> bytes:
    """A reply of about 6 KB."""
    text = " ".join(Random(-i).choices(WORDS, k=800))
    return json.dumps(
        {
            "id": f"msg_{i:024}",
            "type": "message",
            "role": "assistant",
            "model": "claude-sonnet-5",
            "content": [{"type": "text", "text": text}],
            "stop_reason": "end_turn",
            "usage": {"input_tokens": 1, "output_tokens": 1},
        }
    ).encode()


REPLY_HEADERS = [("content-type", "application/json"), ("request-id", "req_1")]


def timed(call: Callable[[int], object], order: list[int]) -> float:
    """Median milliseconds of a call."""
    took = []
    for i in order:
        started = real.perf_counter()
        call(i)
        took.append(real.perf_counter() - started)
    return statistics.median(took) * 1e3


def with_mock(
    bodies: list[dict[str, Any]], replies: list[bytes]
) -> tuple[anthropic.Anthropic, list[Request]]:
    """A client on MockTransport, and the requests it sends."""
    seen: list[Request] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        if len(seen) < len(bodies):
            seen.append(
                Request(request.method, str(request.url), tuple(request.headers.items()), request.read())
            )
        return httpx2.Response(200, headers=REPLY_HEADERS, content=replies[0])

    http = anthropic.DefaultHttpxClient(transport=httpx2.MockTransport(answer))
    return anthropic.Anthropic(api_key="k" * 20, http_client=http), seen


@contextlib.contextmanager
def replayed(requests: list[Request], replies: list[bytes]) -> Iterator[None]:
    """A run that answers from a cassette of all requests."""
    redactor = Redactor.from_environ({})
    exchanges = [
        Exchange(
            i,
            0,
            0.0,
            redactor.request(r),
            reply(200, REPLY_HEADERS, [replies[i]]),
            keys_of(redactor.request(r)),
            "anthropic_messages",
            "httpx2",
        )
        for i, r in enumerate(requests)
    ]
    cassette = Cassette(
        Header(scenario="bench", started_at=1.7e9, key_version=KEY_VERSION),
        exchanges=exchanges,
        keys=[e.keys for e in exchanges],
    )
    session = Session(clock=VirtualClock(1.7e9), tape=Tape(), jitter=Random(0), chance=Random(0))
    index = ExchangeIndex(cassette, redactor)
    session.answers = Answerer(session, index, Player(index, Plan()), Toolbox((), Plan()), 10**9)
    token = enter(session)
    try:
        yield
    finally:
        leave(session, token)


def vcrpy_ms(
    requests: list[Request], replies: list[bytes], bodies: list[dict[str, Any]], order: list[int]
) -> float:
    """Median milliseconds of a call on a vcrpy YAML cassette of the same exchanges, played in order."""
    import vcr
    import yaml

    interactions = [
        {
            "request": {"method": r.method, "uri": r.url, "headers": {}, "body": r.body.decode()},
            "response": {
                "status": {"code": 200, "message": "OK"},
                "headers": {"content-type": ["application/json"]},
                "body": {"string": replies[i].decode()},
            },
        }
        for i, r in enumerate(requests)
    ]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bench.yaml"
        path.write_text(yaml.dump({"version": 1, "interactions": interactions}, Dumper=yaml.CSafeDumper))
        client = anthropic.Anthropic(api_key="k" * 20, max_retries=0)
        with vcr.use_cassette(str(path), record_mode="none", allow_playback_repeats=True, match_on=MATCH_ON):
            return timed(lambda i: client.messages.create(**bodies[i]), order)


def main() -> None:
    bodies, replies = [body(i) for i in range(EXCHANGES)], [message(i) for i in range(EXCHANGES)]
    mock, requests = with_mock(bodies, replies)
    for one in bodies:
        mock.messages.create(**one)
    order = Random(0).sample(range(EXCHANGES), EXCHANGES)
    slices = [
        order[n::ROUNDS] for n in range(ROUNDS)
    ]  # every request is asked once: nothing is remembered from before
    gc.disable()
    vcr_ms = vcrpy_ms(requests, replies, bodies, order[:60])
    install_offline()
    client = anthropic.Anthropic(api_key="k" * 20)
    with replayed(requests, replies):
        rounds = [
            (
                timed(lambda i: mock.messages.create(**bodies[i]), part),
                timed(lambda i: client.messages.create(**bodies[i]), part),
            )
            for part in slices
        ]
    floor = statistics.median(f for f, _ in rounds)
    ours = statistics.median(o for _, o in rounds)
    print(
        f"cassette of {EXCHANGES} exchanges, 14 KB requests, medians of {ROUNDS} rounds of {EXCHANGES // ROUNDS} calls"
    )
    print(f"MockTransport     {floor:7.3f} ms  1.00")
    print(f"agent-chaos       {ours:7.3f} ms  {statistics.median(o / f for f, o in rounds):.2f}")
    print(f"vcrpy YAML        {vcr_ms:7.3f} ms  {vcr_ms / floor:.2f}")


if __name__ == "__main__":
    main()
