"""More text takes in proportion more work: no pattern or parser of redaction has a worse text."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator

import pytest

from agent_chaos.cassette.redaction import opaque, prose, shapes
from agent_chaos.cassette.redaction.redactor import Redactor
from agent_chaos.stream.exchange import reply
from tests.growth import assert_linear

REDACTOR = Redactor({})
HEAD = (("content-type", "text/event-stream"),)
TEXTS = {
    "one word": "a",
    "one run of base64": "Ab1+",
    "assignments": "api_key=",
    "names": "password",
    "quotes": '"',
    "backslashes": "\\",
    "open objects": '{"a":',
    "colons": "a:",
    "addresses": "://a:",
    "parameters": "&sig",
    "authorization": "authorization: ",
    "bearer": "bearer ",
    "private keys": "-----BEGIN PRIVATE KEY-----\n",
    "keys begun": "sk-ant-",
    "tokens begun": "eyJa",
    "escapes": "\\u0061",
    "letters of other scripts": "ü",
}


@pytest.mark.parametrize("unit", TEXTS.values(), ids=TEXTS.keys())
def test_redaction_is_linear(unit: str) -> None:
    assert_linear(lambda size: REDACTOR.data((unit * (size // len(unit))).encode()), 20_000)


def test_a_long_stream_is_linear() -> None:
    frame = b"data: " + json.dumps({"type": "delta", "index": 0, "delta": {"text": "ab "}}).encode() + b"\n\n"

    assert_linear(lambda size: REDACTOR.reply(reply(200, HEAD, [frame * (size // len(frame))])), 60_000)


def patterns() -> Iterator[re.Pattern[str]]:
    for module in (opaque, prose):
        yield from (value for value in vars(module).values() if isinstance(value, re.Pattern))
    found = {shape.pattern for shapes_ in shapes._by_hint().values() for shape in shapes_}
    yield from (re.compile(pattern) for pattern in sorted(found))


def test_no_pattern_is_slow_on_a_text_of_its_own() -> None:
    """The published rules are other people's; none of them may be slow on a text of its own hints."""
    for pattern in patterns():
        for unit in ("a1", "key: "):
            assert_linear(
                lambda size, unit=unit, find=pattern.finditer: _all(find, unit * (size // len(unit))), 8_000
            )


def _all(find: Callable[[str], Iterator[re.Match[str]]], text: str) -> int:
    return sum(1 for _ in find(text))
