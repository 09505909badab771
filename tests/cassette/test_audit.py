"""What an audit tells of a cassette: what redaction missed, what another engine finds, what nobody could read."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from pathlib import Path

from agent_chaos.cassette.model import Header
from agent_chaos.cassette.redaction.audit import findings
from agent_chaos.cassette.redaction.redactor import Redactor
from agent_chaos.cassette.storage.writer import CassetteWriter
from agent_chaos.stream.exchange import reply
from tests.cassette.made import asking

SSE = (("content-type", "text/event-stream"),)


def told(
    tmp_path: Path, body: bytes, headers: tuple[tuple[str, str], ...] = (), **audit: object
) -> list[str]:
    writer = CassetteWriter(tmp_path / "a.msgpack", Header(scenario="a", started_at=0.0), Redactor({}))
    writer.exchange(asking("hi"), reply(200, headers, [body]), at=0.0, transport="httpx2")
    return [str(one) for one in findings(writer.finish(), Redactor({}), **audit)]  # type: ignore[arg-type]


def test_a_body_in_a_coding_nobody_knows_is_told(tmp_path: Path) -> None:
    headers = (("content-encoding", "sdch"),)

    assert told(tmp_path, b"\x00\xff\x01", headers) == [
        "exchange 0: sdch-encoded bytes that cannot be read here in the reply's body"
    ]


def test_a_body_that_is_no_longer_what_its_coding_says_is_told(tmp_path: Path) -> None:
    damaged = b"\x1f\x8b\x08\xff" + b"\xfe" * 20

    assert told(tmp_path, damaged, (("content-encoding", "gzip"),)) == [
        "exchange 0: gzip-encoded bytes that cannot be read here in the reply's body"
    ]


def test_a_compressed_body_is_looked_through(tmp_path: Path) -> None:
    secret = "sk-" + "proj-" + "aB3dE5fG7h" * 3
    packed = zlib.compress(b'{"key": "' + secret.encode() + b'"}')

    assert told(tmp_path, packed, (("content-encoding", "deflate"),)) == [
        "exchange 0: a secret in the reply's body"
    ]


def test_a_second_opinion_reads_streamed_text_whole_and_not_what_a_provider_verifies(tmp_path: Path) -> None:
    read: list[str] = []

    def opinion(text: str) -> Sequence[str]:
        read.append(text)
        return ["a colour"] if "purple" in text else []

    frames = b"".join(
        b'data: {"type": "delta", "index": 0, "delta": {"text": "%s", "signature": "c2ln"}}\n\n' % piece
        for piece in (b"pur", b"ple")
    )

    assert told(tmp_path, frames, SSE, opinion=opinion) == [
        "exchange 0: a secret (a colour) in the reply's body"
    ]
    assert not any("c2ln" in text for text in read)
