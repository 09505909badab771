"""Recording a cassette: nothing acknowledged is lost, nothing earlier is touched before the end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from agent_chaos.cassette.keys import KEY_VERSION, keys_of
from agent_chaos.cassette.model import Cassette, Exchange, Header, Keys, ToolRecord
from agent_chaos.cassette.storage.file import open_cassette
from agent_chaos.cassette.storage.journal import journal_of
from agent_chaos.errors import CassetteDamaged, CassetteMissing, RecordError
from tests.cassette.made import answering, asking, cassette_at, filled, writer_at

_RECORD_UNTIL_KILLED = """
import sys
from pathlib import Path
from tests.cassette.made import answering, asking, writer_at
writer = writer_at(Path(sys.argv[1]))
for i in range(1_000_000):
    writer.exchange(asking(f"call {i} " + "x" * (i % 4096)), answering(), at=float(i), transport="httpx2")
    print(i, flush=True)
"""


@pytest.mark.parametrize("after", [1, 2, 7, 40])
def test_a_killed_recording_loses_nothing_it_acknowledged(after: int, tmp_path: Path) -> None:
    path = tmp_path / "killed.msgpack"
    root = Path(__file__).resolve().parents[2]
    command = [sys.executable, "-c", _RECORD_UNTIL_KILLED, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root) as process:
        assert process.stdout is not None
        acknowledged = [int(process.stdout.readline()) for _ in range(after)]
        os.kill(process.pid, signal.SIGKILL)
    cassette = open_cassette(journal_of(path))

    assert not cassette.complete
    assert len(cassette.exchanges) > acknowledged[-1]
    assert [exchange.at for exchange in cassette.exchanges] == list(
        map(float, range(len(cassette.exchanges)))
    )
    with pytest.raises(CassetteMissing, match=r"cut off is kept in .*killed\.msgpack\.journal"):
        open_cassette(path)


def test_a_journal_torn_in_its_last_record_gives_the_rest(tmp_path: Path) -> None:
    path, torn = tmp_path / "made.msgpack", tmp_path / "torn.journal"
    writer = writer_at(path)
    writer.exchange(asking("one"), answering(), at=0.0, transport="httpx2")
    writer.exchange(asking("two"), answering(), at=1.0, transport="httpx2")
    whole = writer.size
    writer.exchange(asking("three"), answering(), at=2.0, transport="httpx2")
    journal = journal_of(path).read_bytes()
    for end in range(whole, writer.size):
        torn.write_bytes(journal[:end])
        cassette = open_cassette(torn)

        assert [exchange.at for exchange in cassette.exchanges] == [0.0, 1.0]
        assert not cassette.complete


def test_a_length_that_was_altered_is_damage_and_no_torn_end(tmp_path: Path) -> None:
    path, altered = tmp_path / "made.msgpack", tmp_path / "altered.journal"
    writer = writer_at(path)
    starts = []
    for at in range(3):
        starts.append(writer.size)
        writer.exchange(asking(f"call {at}"), answering(), at=float(at), transport="httpx2")
    journal = journal_of(path).read_bytes()
    for start in starts:
        for byte in range(4):
            damaged = bytearray(journal)
            damaged[start + byte] ^= 0x80
            altered.write_bytes(damaged)

            with pytest.raises(CassetteDamaged, match=f"at byte {start}: "):
                open_cassette(altered)


def test_an_earlier_cassette_stays_until_the_new_one_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "made.msgpack"
    earlier = cassette_at(path)
    before = path.read_bytes()
    writer = filled(filled(writer_at(path)))

    assert path.read_bytes() == before
    assert writer.finish().digest != earlier.digest
    assert path.read_bytes() != before
    assert [file.name for file in tmp_path.iterdir()] == ["made.msgpack"]


def test_a_discarded_recording_leaves_no_trace(tmp_path: Path) -> None:
    path = tmp_path / "made.msgpack"
    cassette_at(path)
    before = path.read_bytes()
    filled(writer_at(path)).discard()

    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["made.msgpack"]


def test_two_recordings_of_one_cassette_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "made.msgpack"
    first = filled(writer_at(path))

    with pytest.raises(RecordError, match="another recording writes"):
        writer_at(path)
    assert len(first.finish().exchanges) == 4


def test_the_journal_of_a_killed_recording_is_set_aside(tmp_path: Path) -> None:
    path = tmp_path / "made.msgpack"
    cut_off = filled(writer_at(path))
    left = journal_of(path).read_bytes()
    cut_off._file.close()
    cassette_at(path)

    assert (tmp_path / "made.msgpack.journal.old").read_bytes() == left
    assert len(open_cassette(tmp_path / "made.msgpack.journal.old").exchanges) == 4


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")

    with pytest.raises(RecordError, match="cannot be written"):
        writer_at(tmp_path / "file" / "made.msgpack")


def test_a_full_disk_fails_the_recording_and_not_the_agent(tmp_path: Path) -> None:
    path = tmp_path / "made.msgpack"
    cassette_at(path)
    before = path.read_bytes()
    writer = writer_at(path)
    with open("/dev/full", "wb", buffering=0) as full:
        os.dup2(full.fileno(), writer._file.fileno())
        filled(writer)

        with pytest.raises(RecordError, match=r"No space left on device.*cassette repair"):
            writer.finish()
    assert path.read_bytes() == before


def test_carried_exchanges_get_keys_of_todays_kind(tmp_path: Path) -> None:
    request = asking("Hello")
    kept = Exchange(
        0,
        0,
        0.0,
        request,
        answering(b"data: 1\n\n"),
        Keys("old", "old", "old"),
        "anthropic_messages",
        "httpx2",
    )
    header = Header(scenario="s", started_at=0.0, key_version=KEY_VERSION - 1)
    writer = writer_at(tmp_path / "new.msgpack")
    writer.carry(Cassette(header, exchanges=(kept,), keys=(kept.keys,)))

    assert list(writer.finish().keys) == [keys_of(request)]


def test_many_threads_write_whole_records(tmp_path: Path) -> None:
    writer = writer_at(tmp_path / "made.msgpack")

    def write(name: int) -> None:
        for i in range(25):
            writer.exchange(asking(f"{name} {i}"), answering(), at=float(i), transport="httpx2")
            writer.tool(ToolRecord(0, 0, float(i), f"tool{name}", {"i": i}))

    threads = [threading.Thread(target=write, args=(name,)) for name in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    cassette = writer.finish()

    assert len({exchange.request.body for exchange in cassette.exchanges}) == 200
    assert len(cassette.tools) == 200
