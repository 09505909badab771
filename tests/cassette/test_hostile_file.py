"""Files made to hurt: bombs stop early and small, and every record is checked against its kind."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
from pathlib import Path
from zlib import crc32

import msgpack
import pytest

from agent_chaos.cassette.storage.file import open_cassette, recover
from agent_chaos.cassette.storage.foreign import import_cassette
from agent_chaos.cassette.storage.frames import EXCHANGE, HEADER, TOOL, framed, preamble
from agent_chaos.cassette.storage.records import header_record, pack
from agent_chaos.cassette.storage.zstd import compressed
from agent_chaos.errors import CassetteDamaged, CassetteError
from tests.cassette.made import HEADER as MADE

_START = preamble(finished=False) + framed(HEADER, header_record(MADE))

RECORDS = {
    "deep": b"\x91" * 200_000,
    "empty maps": msgpack.packb([[{}] * 8000] * 9),
    "many arrays": b"\xdc\x1f\xff" + b"\x90" * 8191,
    "long array": b"\xdd\x00\x98\x96\x80" + b"\x01" * 10_000_000,
    "claims 4 GB": b"\xc6\xff\xff\xff\xff" + b"x",
    "a map": msgpack.packb({"a": 1}),
    "too few fields": msgpack.packb([1.0, 2]),
    "wrong types": msgpack.packb([b"x"] * 9),
    "an infinite time": msgpack.packb([float("inf"), 0, "t", "{}", "{}", "", "", 0.0, False]),
    "deep JSON": msgpack.packb([0.0, 0, "t", "[" * 500_000, "{}", "", "", 0.0, False]),
    "an ext": msgpack.packb([msgpack.ExtType(5, b"x")] * 9),
    "millions of values": pack([0.0, 0, "t", "[" + "[]," * 5_000_000 + "[]]", "{}", "", "", 0.0, False]),
}


@pytest.mark.parametrize("record", RECORDS.values(), ids=RECORDS.keys())
def test_a_record_that_is_none_is_refused(record: bytes, tmp_path: Path) -> None:
    path = tmp_path / "hostile.msgpack"
    path.write_bytes(_START + framed(TOOL, record) + framed(TOOL, record))

    with pytest.raises(CassetteDamaged, match=r"record 1 at byte \d+: "):
        open_cassette(path)


def _exchange(*, url: str = "https://api.openai.com/v1/models", chunks: int = 1, fields: int = 1) -> bytes:
    """An exchange record of an answer `{}` in its last chunk; the chunks before it are empty."""
    lengths = bytes(4 * (chunks - 1)) + struct.pack("<I", 2)
    head = [200, "OK", 0.0, *["name", "value"] * fields]
    times = bytes(8 * chunks)
    request = ["GET", url, [], b""]
    return pack([0.0, 0, "", "httpx", bytes(48), *request, head, times, lengths, b"{}", 0.0, "", ""])


@pytest.mark.parametrize(
    "record",
    [
        _exchange(chunks=4_000_000),
        _exchange(fields=4_000),
        _exchange(url="https://[::1"),
        _exchange(url="https://host:port/"),
    ],
    ids=["millions of chunks", "thousands of header fields", "a bracket left open", "a port in words"],
)
def test_an_exchange_that_no_client_could_have_had_is_damage(record: bytes, tmp_path: Path) -> None:
    path = tmp_path / "hostile.msgpack"
    path.write_bytes(_START + framed(EXCHANGE, record) + framed(EXCHANGE, record))

    with pytest.raises(CassetteDamaged, match=r"record 1 at byte \d+: "):
        open_cassette(path)


@pytest.mark.parametrize("url", ["https://[::1", "https://host:port/"])
def test_an_imported_url_that_is_none_is_named(url: str, tmp_path: Path) -> None:
    path = tmp_path / "foreign.yaml"
    path.write_text(
        f"""version: 1
interactions:
- request: {{method: GET, uri: '{url}', body: null, headers: {{}}}}
  response: {{status: {{code: 200, message: OK}}, headers: {{}}, body: {{string: x}}}}
"""
    )

    with pytest.raises(CassetteDamaged, match="interaction 0"):
        import_cassette(path, tmp_path / "own.msgpack")


def test_many_records_that_unpack_to_more_than_their_file_could_mean_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "many.msgpack"
    large = framed(TOOL, pack([0.0, 0, "t", json.dumps("x" * 30_000_000), "{}", "", "", 0.0, False]))
    path.write_bytes(_START + large * 20)

    with pytest.raises(CassetteDamaged, match="unpack to more than"):
        open_cassette(path)
    assert 0 < len(recover(path).cassette.tools) < 5


_OPEN = """
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
from agent_chaos.cassette.storage.file import open_cassette
from agent_chaos.errors import CassetteDamaged, CassetteError
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    open_cassette(sys.argv[1])
except CassetteDamaged as exc:
    print("refused", (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024, exc)
"""


def test_a_zstd_bomb_stops_within_bounds(tmp_path: Path) -> None:
    pytest.importorskip("resource")
    path = tmp_path / "bomb.msgpack"
    bomb = compressed(bytes(512 * 1024 * 1024))
    honest = framed(TOOL, b"")
    path.write_bytes(_START + _reframed(bomb) + honest)
    done = subprocess.run(
        [sys.executable, "-c", _OPEN, str(path)], capture_output=True, text=True, check=False
    )
    said = done.stdout.split()

    assert said[0] == "refused", done.stderr
    assert int(said[1]) < 200
    assert "unpacks to more than 67,108,864 bytes" in done.stdout


def _reframed(payload: bytes) -> bytes:
    start = struct.pack("<IB", len(payload), TOOL)
    return start + struct.pack("<I", crc32(payload, crc32(start))) + payload


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes with names")
def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "p.msgpack"
    os.mkfifo(pipe)

    with pytest.raises(CassetteError, match="not a file"):
        open_cassette(pipe)


def test_a_start_that_is_no_time_is_damage(tmp_path: Path) -> None:
    path = tmp_path / "t.msgpack"
    endless = MADE.model_copy(update={"started_at": float("inf")})
    path.write_bytes(preamble(finished=False) + framed(HEADER, header_record(endless)))

    with pytest.raises(CassetteDamaged, match="record 0"):
        _ = open_cassette(path).header
