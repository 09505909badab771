"""A cassette comes back as it was written, opens without its bodies, and is never read in part without saying so."""

from __future__ import annotations

import re
import struct
import tempfile
from functools import cache
from pathlib import Path
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent_chaos.cassette.keys import keys_of
from agent_chaos.cassette.model import Cassette, Exchange
from agent_chaos.cassette.storage.file import open_cassette, recover, verified
from agent_chaos.cassette.storage.frames import MAGIC, PREAMBLE_BYTES
from agent_chaos.cassette.storage.records import exchange_record, read_exchange
from agent_chaos.errors import CassetteDamaged, CassetteError, CassetteMissing, CassetteVersion
from agent_chaos.stream.exchange import Abort, AbortKind, Data, End, Head, Headers, Reply, Request
from tests.cassette.made import (
    BROKEN,
    EMPTY,
    HEADER,
    REFUSED,
    answering,
    asking,
    cassette_at,
    filled,
    writer_at,
)


@cache
def whole() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "made.msgpack"
        cassette_at(path)
        return path.read_bytes()


def same(one: Cassette, other: Cassette) -> bool:
    return (list(one.exchanges), list(one.tools), list(one.turns), one.header) == (
        list(other.exchanges),
        list(other.tools),
        list(other.turns),
        other.header,
    )


def test_everything_written_comes_back(tmp_path: Path) -> None:
    cassette = cassette_at(tmp_path / "made.msgpack")

    assert cassette.complete
    assert cassette.header == HEADER
    assert [exchange.reply for exchange in cassette.exchanges] == [answering(), BROKEN, REFUSED, EMPTY]
    assert cassette.exchanges[0].request == asking("Refund order 7.")
    assert [(exchange.index, exchange.turn, exchange.at) for exchange in cassette.exchanges] == [
        (0, 0, 0.1),
        (1, 0, 3.0),
        (2, 1, 6.0),
        (3, 1, 7.0),
    ]
    assert [(tool.index, tool.turn, tool.after, tool.name) for tool in cassette.tools] == [
        (0, 0, 0, "refund"),
        (1, 1, 1, "notify"),
    ]
    assert cassette.tools[0].arguments == {"order": 7, "why": "broken \ud83d"}
    assert cassette.tools[1].end.error == "no such address"
    assert [(mark.turn, mark.kind) for mark in cassette.turns] == [(0, "start"), (0, "end"), (1, "start")]


def test_keys_are_read_from_the_index_and_equal_those_of_the_exchanges(tmp_path: Path) -> None:
    cassette = cassette_at(tmp_path / "made.msgpack")

    assert list(cassette.keys) == [exchange.keys for exchange in cassette.exchanges]
    assert list(cassette.keys) == [keys_of(exchange.request) for exchange in cassette.exchanges]
    assert cassette.keys[-1] == cassette.exchanges[-1].keys
    assert cassette.keys[1:3] == tuple(exchange.keys for exchange in cassette.exchanges[1:3])


def test_the_same_records_give_the_same_digest(tmp_path: Path) -> None:
    one, other = cassette_at(tmp_path / "a.msgpack"), cassette_at(tmp_path / "b.msgpack")
    longer = filled(filled(writer_at(tmp_path / "c.msgpack"))).finish()

    assert one.digest == other.digest != longer.digest


def test_exchanges_stand_in_the_order_they_left_whatever_the_order_they_ended(tmp_path: Path) -> None:
    writer = writer_at(tmp_path / "made.msgpack")
    for at in (2.0, 1.0, 3.0, 1.5):
        writer.exchange(asking(f"at {at}"), answering(), at=at, transport="httpx2")
    cassette = writer.finish()

    assert [(exchange.index, exchange.at) for exchange in cassette.exchanges] == [
        (0, 1.0),
        (1, 1.5),
        (2, 2.0),
        (3, 3.0),
    ]


def test_a_file_cut_at_any_byte_is_one_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "cut.msgpack"
    unclear = []
    for cut in range(len(whole())):
        path.write_bytes(whole()[:cut])
        try:
            open_cassette(path)
        except CassetteDamaged as exc:
            if not re.search(
                r"cut\.msgpack(: .*; name a \.msgpack file| is damaged: .* at byte \d+: )", str(exc)
            ):
                unclear.append((cut, str(exc)))
        else:
            unclear.append((cut, "opened"))

    assert unclear == []


@given(st.floats(0, 1, exclude_max=True))
def test_any_flipped_bit_is_one_clear_error(place: float) -> None:
    data = bytearray(whole())
    bit = int(place * len(data) * 8)
    data[bit // 8] ^= 1 << bit % 8
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "flipped.msgpack"
        path.write_bytes(data)

        with pytest.raises(CassetteDamaged, match=r"at byte \d+: |; name a \.msgpack file"):
            open_cassette(path)


@given(st.binary(max_size=200), st.booleans())
def test_arbitrary_bytes_are_one_clear_error(data: bytes, with_preamble: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "noise.msgpack"
        path.write_bytes((whole()[:PREAMBLE_BYTES] if with_preamble else b"") + data)

        with pytest.raises(CassetteDamaged):
            open_cassette(path)


@pytest.mark.parametrize(
    ("data", "says"),
    [(b"", "the file is empty"), (b"version: 1\ninteractions: []\n", "not an agent-chaos cassette")],
    ids=["empty", "yaml"],
)
def test_what_is_no_cassette_is_told_apart(data: bytes, says: str, tmp_path: Path) -> None:
    path = tmp_path / "other.msgpack"
    path.write_bytes(data)

    with pytest.raises(CassetteDamaged, match=says):
        open_cassette(path)


def test_a_future_version_names_both_versions(tmp_path: Path) -> None:
    start = struct.pack("<8sHH", MAGIC, 9, 1)
    path = tmp_path / "future.msgpack"
    path.write_bytes(start + struct.pack("<I", crc32(start)) + b"whatever the future holds")

    with pytest.raises(
        CassetteVersion, match=r"has format version 9, this agent-chaos reads up to 1; upgrade"
    ):
        open_cassette(path)


def test_a_missing_cassette_names_the_command_that_makes_it(tmp_path: Path) -> None:
    with pytest.raises(
        CassetteMissing, match=r"no cassette .*absent\.msgpack; make it with: agent-chaos record"
    ):
        open_cassette(tmp_path / "absent.msgpack")


def test_a_folder_is_not_readable_as_a_cassette(tmp_path: Path) -> None:
    with pytest.raises(CassetteError, match="cannot be read"):
        open_cassette(tmp_path)


def test_recovery_keeps_the_whole_records_before_the_damage(tmp_path: Path) -> None:
    full, path = tmp_path / "full.msgpack", tmp_path / "cut.msgpack"
    full.write_bytes(whole())
    known = list(open_cassette(full).exchanges)
    kept: list[int] = []
    for cut in range(400, len(whole()), 3):
        path.write_bytes(whole()[:cut])
        rescued = recover(path).cassette
        kept.append(len(rescued.exchanges))

        assert list(rescued.exchanges) == known[: len(rescued.exchanges)]
        assert not rescued.complete
    assert kept == sorted(kept)
    assert set(kept) == set(range(len(known) + 1))


def test_a_large_file_is_checked_record_by_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent_chaos.cassette.storage.file._VERIFIED_WHEN_OPENED", 0)
    path = tmp_path / "large.msgpack"
    cassette = cassette_at(path)
    path.write_bytes(damaged := bytearray(path.read_bytes()))
    damaged[-700] ^= 0x10
    path.write_bytes(damaged)
    opened = open_cassette(path)

    assert len(opened.exchanges) == len(cassette.exchanges)
    with pytest.raises(CassetteDamaged, match=r"at byte \d+: its checksum does not match"):
        verified(path)
    with pytest.raises(CassetteDamaged, match=r"(exchange|tool call|turn mark|record) \d+ at byte \d+"):
        _ = [*opened.exchanges, *opened.tools, *opened.turns, opened.header]


text = st.text(max_size=20)
times = st.floats(0, 1e6)
headers: st.SearchStrategy[Headers] = st.lists(st.tuples(text, text), max_size=4).map(tuple)
kinds: st.SearchStrategy[AbortKind] = st.sampled_from(["refused", "reset", "incomplete"])
datas = st.lists(st.builds(Data, st.binary(max_size=50), times), max_size=5)
lasts = st.one_of(st.builds(End, times), st.builds(Abort, kinds, times, text))
heads = st.builds(Head, st.integers(100, 599), headers, times, text)
replies = st.one_of(
    st.builds(Abort, kinds, times, text).map(lambda abort: Reply((abort,))),
    st.builds(lambda head, chunks, last: Reply((head, *chunks, last)), heads, datas, lasts),
)
requests = st.builds(
    Request, st.sampled_from(["GET", "POST"]), text.map(lambda t: f"https://h/{t}"), headers, st.binary()
)


@given(requests, replies, times)
def test_any_exchange_survives_its_record(request: Request, reply: Reply, at: float) -> None:
    exchange = Exchange(3, 1, at, request, reply, keys_of(request), "openai_chat", "httpx")

    assert read_exchange(exchange_record(exchange), 3) == exchange
