"""Opens cassettes. Bodies are read when they are asked for; damage is one clear error that names record and offset."""

from __future__ import annotations

import mmap
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from agent_chaos.cassette.model import FORMAT_VERSION, Cassette, Exchange, ToolRecord, TurnMark
from agent_chaos.cassette.storage.frames import (
    EXCHANGE,
    FOOTER_BYTES,
    HEADER,
    INDEX,
    PREAMBLE_BYTES,
    TOOL,
    TURN,
    Allowance,
    BrokenRecord,
    Buffer,
    Footer,
    Newer,
    digest_of,
    frame_end,
    is_torn,
    read_footer,
    read_frame,
    read_preamble,
    unpacked,
)
from agent_chaos.cassette.storage.index import FileIndex, IndexRow, KeyTable, Lazy, built, read_index
from agent_chaos.cassette.storage.journal import journal_of
from agent_chaos.cassette.storage.records import key_bytes, read_exchange, read_header, read_tool, read_turn
from agent_chaos.errors import CassetteDamaged, CassetteError, CassetteMissing, CassetteVersion

_T = TypeVar("_T")

_VERIFIED_WHEN_OPENED = 8 * 1024 * 1024
"""Files up to this size are checked whole when they are opened; larger ones record by record, as they are read."""

_KINDS = {HEADER: "header", EXCHANGE: "exchange", TOOL: "tool call", TURN: "turn mark", INDEX: "index"}


def open_cassette(path: Path | str) -> Cassette:
    """The cassette at `path`, or what a killed recording left in its journal (`complete` is False then).

    Raises:
        CassetteMissing: there is no such file.
        CassetteVersion: a newer agent-chaos wrote it.
        CassetteDamaged: it is not a cassette, truncated or altered.
        CassetteError: it cannot be read.
    """
    source = opened(Path(path))
    return _finished(source) if source.finished else _salvaged(source)


@dataclass(frozen=True)
class Salvage:
    """Every whole record of a damaged file, and in words what was lost: record, offset and why."""

    cassette: Cassette
    lost: tuple[str, ...]


def recover(path: Path | str) -> Salvage:
    """The whole records of a damaged cassette or journal, also those behind a damaged one whose length is still known.

    Raises CassetteDamaged where not even its header is whole, and what `open_cassette` raises otherwise.
    """
    source = opened(Path(path))
    rows = _Rows(source)
    lost: list[str] = []
    offset, count = PREAMBLE_BYTES, 0
    while offset < len(source.data) and not _is_end(source.data, offset):
        try:
            offset = rows.take(offset)
        except BrokenRecord as exc:
            if count == 0:
                raise source.damaged("record 0", offset, exc) from None
            lost.append(f"record {count} at byte {offset}: {exc}")
            # Its length may still be right where only its content is damaged; then what lies behind it is
            # found.
            offset = frame_end(source.data, offset)
        count += 1
    if count == 0:
        raise source.damaged("record 0", offset, "the file ends before its header")
    return Salvage(rows.cassette(offset), tuple(lost))


def verified(path: Path | str) -> Cassette:
    """As `open_cassette`, with every byte of a finished cassette checked, however large. Raises the same."""
    source = opened(Path(path))
    if not source.finished:
        return _salvaged(source)
    foot, index = _ends(source)
    _verify(source, foot, index)
    return _cassette(source, index, complete=True, digest=foot.digest.hex())


@dataclass(frozen=True)
class Source:
    """An open file. `finished` is False for a journal."""

    path: Path
    data: Buffer
    finished: bool

    def damaged(self, record: str, offset: int, why: object) -> CassetteDamaged:
        return CassetteDamaged(
            f"{self.path} is damaged: {record} at byte {offset}: {why}; restore the file, keep what is whole with "
            f"'agent-chaos cassette repair {self.path}', or record it again with 'agent-chaos record --record-mode all'"
        )

    def record(self, kind: int, name: str, offset: int, decode: Callable[[bytes], _T]) -> _T:
        """One record, decoded. Raises CassetteDamaged."""
        try:
            found = read_frame(self.data, offset)
            if found.kind != kind:
                raise BrokenRecord(
                    f"a {_KINDS.get(found.kind, 'stranger')} lies where the {_KINDS[kind]} belongs"
                )
            return decode(unpacked(found))
        except BrokenRecord as exc:
            raise self.damaged(name, offset, exc) from None


def opened(path: Path) -> Source:
    """The file, its first bytes checked. Raises as `open_cassette`."""
    try:
        data = _read(path)
    except FileNotFoundError:
        raise _missing(path) from None
    except OSError as exc:
        raise CassetteError(f"{path} cannot be read: {exc.strerror or exc}") from None
    try:
        return Source(path, data, read_preamble(data))
    except Newer as exc:
        raise CassetteVersion(
            f"{path} has format version {exc}, this agent-chaos reads up to {FORMAT_VERSION}; upgrade agent-chaos"
        ) from None
    except BrokenRecord as exc:
        raise CassetteDamaged(
            f"{path}: {exc}; name a .msgpack file that 'agent-chaos record' wrote, restore this one, or turn a "
            "recording of another tool into a cassette with 'agent-chaos cassette import'"
        ) from None


def _missing(path: Path) -> CassetteMissing:
    journal = journal_of(path)
    cut_off = f" (a recording that was cut off is kept in {journal})" if journal.exists() else ""
    return CassetteMissing(f"there is no cassette {path}{cut_off}; make it with: agent-chaos record")


def _read(path: Path) -> Buffer:
    """The bytes of a regular file; a pipe would keep its reader waiting, and a device may have no end."""
    if path.exists() and not path.is_file():
        raise CassetteError(f"{path} cannot be read: it is not a file")
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(0)
        if size <= _VERIFIED_WHEN_OPENED:
            return file.read()
        # The mapping outlives the file object. Large recordings are read record by record, not into memory.
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def _finished(source: Source) -> Cassette:
    foot, index = _ends(source)
    # Reading all of a large file would take longer than the command that opens it; its records are checked
    # one by one as they are read.
    if len(source.data) <= _VERIFIED_WHEN_OPENED:
        _verify(source, foot, index)
    return _cassette(source, index, complete=True, digest=foot.digest.hex())


def _ends(source: Source) -> tuple[Footer, FileIndex]:
    try:
        foot = read_footer(source.data)
    except BrokenRecord as exc:
        raise source.damaged("the footer", max(0, len(source.data) - FOOTER_BYTES), exc) from None
    return foot, source.record(INDEX, "the index", foot.index_offset, read_index)


def _verify(source: Source, foot: Footer, index: FileIndex) -> None:
    """Checks that whole frames lie without gaps up to the index, and that the index knows each of them."""
    found: dict[int, list[int]] = {kind: [] for kind in _KINDS}
    offset, count, allowance = PREAMBLE_BYTES, 0, Allowance(len(source.data))
    while offset < foot.index_offset:
        try:
            read = read_frame(source.data, offset)
            allowance.take(read)
        except BrokenRecord as exc:
            raise source.damaged(f"record {count}", offset, exc) from None
        # A frame of a kind that is unknown is noted, too, and then fails the comparison below.
        found.setdefault(read.kind, []).append(offset)
        offset, count = read.end, count + 1
    known = [sorted(index.exchanges), sorted(index.tools), sorted(index.turns)]
    agrees = (
        known == [found[EXCHANGE], found[TOOL], found[TURN]]
        and (count, offset) == (foot.count, foot.index_offset)
        and read_frame(source.data, offset).end == len(source.data) - FOOTER_BYTES
        and digest_of(source.data, PREAMBLE_BYTES, offset) == foot.digest
    )
    if not agrees:
        raise source.damaged("the index", foot.index_offset, "it does not describe the records before it")


def _cassette(source: Source, index: FileIndex, *, complete: bool, digest: str) -> Cassette:
    def exchange(i: int) -> Exchange:
        offset = index.exchanges[i]
        return source.record(EXCHANGE, f"exchange {i}", offset, lambda record: read_exchange(record, i))

    def tool(i: int) -> ToolRecord:
        offset, after = index.tools[i], index.exchange_before(i)
        return source.record(TOOL, f"tool call {i}", offset, lambda record: read_tool(record, i, after))

    def turn(i: int) -> TurnMark:
        return source.record(TURN, f"turn mark {i}", index.turns[i], read_turn)

    return Cassette(
        header=source.record(HEADER, "record 0", PREAMBLE_BYTES, read_header),
        exchanges=Lazy(len(index.exchanges), exchange),
        tools=Lazy(len(index.tools), tool),
        turns=Lazy(len(index.turns), turn),
        complete=complete,
        digest=digest,
        keys=KeyTable(index.keys),
    )


def _salvaged(source: Source) -> Cassette:
    """The records of a journal; a torn last one is normal, any other damage is not."""
    rows = _Rows(source)
    offset, count = PREAMBLE_BYTES, 0
    while offset < len(source.data) and not _is_end(source.data, offset):
        try:
            offset = rows.take(offset)
        except BrokenRecord as exc:
            # A process that is killed leaves half a record at the end. Damage anywhere else was not made by
            # recording.
            # Not of the first one: without its header nothing else in the file has a meaning.
            if count and is_torn(source.data, offset):
                break
            raise source.damaged(f"record {count}", offset, exc) from None
        count += 1
    if count == 0:
        raise source.damaged("record 0", offset, "the file ends before its header")
    return rows.cassette(offset)


class _Rows:
    """The index of a file that has none, as its records are read."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._allowance = Allowance(len(source.data))
        self._by_kind: dict[int, list[IndexRow]] = {EXCHANGE: [], TOOL: [], TURN: []}

    def take(self, offset: int) -> int:
        """Notes the record at an offset and gives where the next one starts. Raises BrokenRecord."""
        read = read_frame(self._source.data, offset)
        self._allowance.take(read)
        if row := _entry(read.kind, unpacked(read), offset):
            self._by_kind[read.kind].append(row)
        return read.end

    def cassette(self, end: int) -> Cassette:
        source = self._source
        index = built(self._by_kind[EXCHANGE], self._by_kind[TOOL], self._by_kind[TURN])
        # Of what is whole alone, so that a journal that was cut off and the cassette made of it have one
        # digest.
        digest = digest_of(source.data, PREAMBLE_BYTES, min(end, len(source.data))).hex()
        return _cassette(source, index, complete=False, digest=digest)


def _is_end(data: Buffer, offset: int) -> bool:
    """Whether the index starts here, which only a finished cassette has."""
    # The kind stands behind the four bytes of the length.
    return len(data) > offset + 4 and data[offset + 4] == INDEX


def _entry(kind: int, record: bytes, offset: int) -> IndexRow | None:
    """What the index keeps of a record; None for the header. Raises BrokenRecord."""
    if kind == EXCHANGE:
        exchange = read_exchange(record, 0)
        return IndexRow(offset, exchange.at, key_bytes(exchange.keys))
    if kind == TOOL:
        return IndexRow(offset, read_tool(record, 0, -1).at)
    if kind == TURN:
        return IndexRow(offset, read_turn(record).at)
    if kind != HEADER:
        raise BrokenRecord(f"a record of unknown kind {kind}")
    read_header(record)
    return None
