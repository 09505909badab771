"""Reading a reply takes time in proportion to its length, whatever a server sends.

Eight times the bytes may take eight times as long; sixty-four times as long is what a second look at every byte costs. The
bound lies between, so that a loaded machine does not decide it.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from agent_chaos.providers.json_values import loaded
from agent_chaos.providers.registry import protocols
from agent_chaos.stream.exchange import Reply, reply
from agent_chaos.stream.framing.registry import framings

SMALL, LARGE = 3_000, 24_000
BODIES: dict[str, Callable[[int], bytes]] = {
    "a line without an end": lambda size: b"data: " + b"x" * size,
    "an array without an end": lambda size: b"[" + b"1," * (size // 2),
    "a string without an end": lambda size: b'{"a":"' + b'\\"' * (size // 2),
    "brackets": lambda size: b"[" * size,
    "blank lines": lambda size: b"\n" * (size // 4),
    "objects in lines": lambda size: b"{}\n" * (size // 8),
    "empty events": lambda size: b"data: {}\n\n" * (size // 20),
}
READERS: dict[str, Callable[[Reply], object]] = {
    **{f"frames of {one.name}": lambda given, one=one: one.frames(given.body) for one in framings()},
    **{
        name: lambda given, one=one: (one.parse(given), one.delta(given)) for name, one in protocols().items()
    },
    "JSON": lambda given: loaded(given.body),
}


def seconds(read: Callable[[Reply], object], kind: str, body: bytes) -> float:
    """The CPU time of reading a fresh reply."""
    given = reply(200, [("content-type", kind)], [body])
    started = time.thread_time()
    read(given)
    return time.thread_time() - started


@pytest.mark.parametrize("kind", BODIES)
def test_reading_is_linear_in_the_length_of_a_body(kind):
    for content_type in sorted({one.content_type for one in framings()}):
        for name, read in READERS.items():
            small = min(seconds(read, content_type, BODIES[kind](SMALL)) for _ in range(3))
            bound = 24 * max(small, 0.0005)
            # Once is enough where it is quick: a busy machine makes a reading seem longer, never shorter.
            large = (seconds(read, content_type, BODIES[kind](LARGE)) for _ in range(5))

            assert any(one < bound for one in large), f"{name}: {small:.4f} s, then over {bound:.4f} s"
