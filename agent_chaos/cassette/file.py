"""Cassettes on disk: written as things happen, finished atomically, opened without reading bodies.

While a recording runs it is `<name>.msgpack.partial`; a kill loses at most the record in flight, and the rest can be
opened from there. `finish` adds the index and moves the file into place; until then an earlier cassette is untouched.
"""

from __future__ import annotations

import mmap
import os
import struct
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar, overload

from agent_chaos.cassette import container, records
from agent_chaos.cassette.keys import keys_of
from agent_chaos.cassette.model import Cassette, Exchange, Header, Keys, ToolRecord, TurnMark
from agent_chaos.errors import CassetteDamaged, CassetteError, CassetteMissing, RecordError
from agent_chaos.providers.registry import recognise
from agent_chaos.stream.exchange import Reply, Request

try:
    import fcntl
except ImportError:  # pragma: no cover - not on Windows, where a second writer fails to replace the file
    fcntl = None  # type: ignore[assignment]

_T = TypeVar("_T")
_OFFSETS = struct.Struct("<Q")
_KEY_BYTES = 16


class Lazy(Sequence[_T]):
    """A sequence whose items are made on first use and kept."""

    def __init__(self, size: int, make: Callable[[int], _T]) -> None:
        self._size = size
        self._make = make
        self._made: dict[int, _T] = {}

    def __len__(self) -> int:
        return self._size

    @overload
    def __getitem__(self, index: int) -> _T: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[_T]: ...
    def __getitem__(self, index: int | slice) -> _T | Sequence[_T]:
        if isinstance(index, slice):
            return tuple(self[i] for i in range(*index.indices(self._size)))
        at = index + self._size if index < 0 else index
        if not 0 <= at < self._size:
            raise IndexError(index)
        if at not in self._made:
            self._made[at] = self._make(at)
        return self._made[at]


class CassetteWriter:
    """Keeps a recording; every record is on disk when the call returns. Thread-safe. Values must be redacted.

    Raises:
        RecordError: another recording of the same cassette is running.
    """

    def __init__(self, path: Path, header: Header) -> None:
        self.path = path
        self.partial = path.with_name(f"{path.name}.partial")
        self._header = header
        self._lock = threading.Lock()
        self._offsets: dict[int, list[int]] = {records.EXCHANGE: [], records.TOOL: [], records.TURN: []}
        self._keys: list[Keys] = []
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = _locked(self.partial)
        self._append(container.opening())
        self._append(container.frame(records.HEADER, header.model_dump()))

    @property
    def exchanges(self) -> int:
        """How many exchanges were written so far."""
        return len(self._keys)

    def exchange(self, request: Request, reply: Reply, *, at: float, transport: str, turn: int = 0) -> None:
        """Writes an exchange."""
        protocol, keys = recognise(request), keys_of(request)
        with self._lock:
            name = protocol.name if protocol else ""
            exchange = Exchange(len(self._keys), turn, at, request, reply, keys, name, transport)
            self._record(records.EXCHANGE, records.pack_exchange(exchange))
            self._keys.append(keys)

    def tool(self, record: ToolRecord) -> None:
        """Writes a tool call."""
        with self._lock:
            self._record(records.TOOL, records.pack_tool(record))

    def turn(self, mark: TurnMark) -> None:
        """Writes a turn mark."""
        with self._lock:
            self._record(records.TURN, records.pack_turn(mark))

    def finish(self, header: Header | None = None) -> Cassette:
        """Adds the index and moves the cassette into place; gives it back, opened."""
        with self._lock:
            index = container.frame(container.INDEX, self._index(header or self._header))
            offset = self._file.tell()
            self._append(index + container.footer(offset, index))
            os.fsync(self._file.fileno())
            self._file.close()
            self.partial.replace(self.path)
            _sync_folder(self.path.parent)
        return open_cassette(self.path)

    def discard(self) -> None:
        """Drops the recording; an earlier cassette stays as it is."""
        with self._lock:
            self._file.close()
            self.partial.unlink(missing_ok=True)

    def _index(self, header: Header) -> dict[str, Any]:
        packed = b"".join(bytes.fromhex(k.exact + k.normalised + k.lane) for k in self._keys)
        offsets = {str(kind): _packed(values) for kind, values in self._offsets.items()}
        return {"header": header.model_dump(), "keys": packed, "offsets": offsets}

    def _record(self, kind: int, value: Any) -> None:
        self._offsets[kind].append(self._file.tell())
        self._append(container.frame(kind, value))

    def _append(self, data: bytes) -> None:
        self._file.write(data)
        self._file.flush()


def open_cassette(path: Path) -> Cassette:
    """Opens a cassette; bodies are read and checked when they are used.

    A `.partial` file gives what a killed recording had kept, with `complete=False`.

    Raises:
        CassetteMissing: there is none; the message names the command that records it.
        CassetteDamaged, CassetteVersion: it cannot be read; the message names record and offset.
    """
    path = Path(path)
    data, name = _bytes_of(path), str(path)
    container.check_opening(data, name)
    return _recovered(data, name) if path.suffix == ".partial" else _indexed(data, name)


def _bytes_of(path: Path) -> memoryview:
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_size == 0:
                return memoryview(b"")
            return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    except FileNotFoundError:
        left = path.with_name(f"{path.name}.partial")
        hint = f"; an interrupted recording lies at {left}" if left.exists() else ""
        raise CassetteMissing(
            f"no cassette at {path}; run 'agent-chaos record' for its scenario first{hint}"
        ) from None
    except OSError as exc:
        raise CassetteError(f"{path}: cannot be read: {exc.strerror or exc}") from None


def _indexed(data: memoryview, name: str) -> Cassette:
    at = container.index_at(data, name)
    _, index, _ = container.read_frame(data, at, name, "the index")
    where = f"{name}: the index at offset {at}"
    header = records.checked(lambda value: records.unpack_header(value["header"]), index, where)
    offsets = records.checked(
        lambda value: {int(k): _unpacked(v) for k, v in value["offsets"].items()}, index, where
    )
    keys = records.checked(lambda value: bytes(value["keys"]), index, where)
    size = len(offsets.get(records.EXCHANGE, ()))
    if len(keys) != size * 3 * _KEY_BYTES:
        raise CassetteDamaged(f"{where}: {size} exchanges but {len(keys)} bytes of keys")
    return Cassette(
        header=header,
        exchanges=_records(data, offsets, records.EXCHANGE, records.unpack_exchange, name),
        tools=_records(data, offsets, records.TOOL, records.unpack_tool, name),
        turns=_records(data, offsets, records.TURN, records.unpack_turn, name),
        digest=container.digest(data[at:].tobytes()).hex(),
        keys=Lazy(size, lambda i: _key(keys, i)),
    )


def _records(
    data: memoryview, offsets: dict[int, tuple[int, ...]], kind: int, unpack: Callable[[Any], _T], name: str
) -> Lazy[_T]:
    places = offsets.get(kind, ())

    def make(i: int) -> _T:
        what = f"{ {records.EXCHANGE: 'call', records.TOOL: 'tool call', records.TURN: 'turn'}[kind] } {i}"
        found, value, _ = container.read_frame(data, places[i], name, what)
        if found != kind:
            raise CassetteDamaged(f"{name}: {what} at offset {places[i]}: another kind of record lies there")
        return records.checked(unpack, value, f"{name}: {what} at offset {places[i]}")

    return Lazy(len(places), make)


def _recovered(data: memoryview, name: str) -> Cassette:
    """Everything that was whole when the recording stopped."""
    header: Header | None = None
    exchanges: list[Exchange] = []
    tools: list[ToolRecord] = []
    turns: list[TurnMark] = []
    for kind, value in container.whole_frames(data, name):
        if kind == records.HEADER:
            header = records.checked(records.unpack_header, value, f"{name}: the header")
        elif kind == records.EXCHANGE:
            exchanges.append(
                records.checked(records.unpack_exchange, value, f"{name}: call {len(exchanges)}")
            )
        elif kind == records.TOOL:
            tools.append(records.checked(records.unpack_tool, value, f"{name}: tool call {len(tools)}"))
        elif kind == records.TURN:
            turns.append(records.checked(records.unpack_turn, value, f"{name}: turn {len(turns)}"))
    if header is None:
        raise CassetteDamaged(f"{name}: nothing of the recording is left; record it again")
    keys = tuple(exchange.keys for exchange in exchanges)
    return Cassette(header, tuple(exchanges), tuple(tools), tuple(turns), complete=False, keys=keys)


def _key(packed: bytes, index: int) -> Keys:
    start = index * 3 * _KEY_BYTES
    exact, normalised, lane = (
        packed[start + i * _KEY_BYTES : start + (i + 1) * _KEY_BYTES].hex() for i in range(3)
    )
    return Keys(exact, normalised, lane)


def _packed(offsets: list[int]) -> bytes:
    return struct.pack(f"<{len(offsets)}Q", *offsets)


def _unpacked(value: Any) -> tuple[int, ...]:
    return struct.unpack(f"<{len(value) // _OFFSETS.size}Q", value)


def _locked(path: Path) -> Any:
    """The partial file, empty, held by this process alone; one left by a killed recording is set aside."""
    file = path.open("a+b")
    try:
        if fcntl is not None:
            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise RecordError(
            f"{path}: another recording of this scenario is running; wait for it to end"
        ) from None
    if file.seek(0, os.SEEK_END):
        set_aside = path.with_name(f"{path.name.removesuffix('.msgpack.partial')}.interrupted.partial")
        set_aside.write_bytes(path.read_bytes())
        file.truncate(0)
    return file


def _sync_folder(folder: Path) -> None:
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
