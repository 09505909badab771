"""The index of a cassette: where each record lies and the match keys of every exchange, as a few packed blobs."""

from __future__ import annotations

import struct
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Generic, TypeVar, overload

from agent_chaos.cassette.model import Keys
from agent_chaos.cassette.storage.frames import BrokenRecord
from agent_chaos.cassette.storage.records import pack, unpack

_T = TypeVar("_T")

_KEYS_BYTES = 48
_LOADED_AT_ONCE = 4096


@dataclass(frozen=True, slots=True)
class FileIndex:
    """Byte offsets of all records, exchanges and tools in the order they started; `ats` are the exchanges' times."""

    keys: bytes
    exchanges: tuple[int, ...]
    ats: tuple[float, ...]
    tools: tuple[int, ...]
    tool_ats: tuple[float, ...]
    turns: tuple[int, ...]

    def exchange_before(self, tool: int) -> int:
        """The index of the last exchange that left before a tool call started, or -1."""
        # Worked out, not stored, so that index and records cannot contradict each other.
        return bisect_left(self.ats, self.tool_ats[tool]) - 1


@dataclass(frozen=True, slots=True)
class IndexRow:
    """One record as the writer knows it; `keys` is empty but for exchanges."""

    offset: int
    at: float
    keys: bytes = b""


def built(exchanges: Iterable[IndexRow], tools: Iterable[IndexRow], turns: Iterable[IndexRow]) -> FileIndex:
    """The index of records, ordered by when they started."""
    # Written as they ended: of two calls at the same time the one that began first may end last.
    calls = sorted(exchanges, key=lambda entry: entry.at)
    runs = sorted(tools, key=lambda entry: entry.at)
    return FileIndex(
        keys=b"".join(entry.keys for entry in calls),
        exchanges=tuple(entry.offset for entry in calls),
        ats=tuple(entry.at for entry in calls),
        tools=tuple(entry.offset for entry in runs),
        tool_ats=tuple(entry.at for entry in runs),
        turns=tuple(entry.offset for entry in turns),
    )


def index_record(index: FileIndex) -> bytes:
    return pack(
        [
            index.keys,
            _numbers("Q", index.exchanges),
            _numbers("d", index.ats),
            _numbers("Q", index.tools),
            _numbers("d", index.tool_ats),
            _numbers("Q", index.turns),
        ]
    )


def read_index(record: bytes) -> FileIndex:
    """Raises BrokenRecord."""
    fields = unpack(record, 6)
    if not all(isinstance(field, bytes) and len(field) % 8 == 0 for field in fields):
        raise BrokenRecord("the index does not hold packed numbers")
    keys, exchanges, ats, tools, tool_ats, turns = fields
    lengths_agree = len(exchanges) == len(ats) and len(tools) == len(tool_ats)
    if not lengths_agree or len(keys) != len(exchanges) // 8 * _KEYS_BYTES:
        raise BrokenRecord("the lists of the index differ in length")
    return FileIndex(
        keys,
        struct.unpack(f"<{len(exchanges) // 8}Q", exchanges),
        struct.unpack(f"<{len(ats) // 8}d", ats),
        struct.unpack(f"<{len(tools) // 8}Q", tools),
        struct.unpack(f"<{len(tool_ats) // 8}d", tool_ats),
        struct.unpack(f"<{len(turns) // 8}Q", turns),
    )


def _numbers(code: str, values: Sequence[float]) -> bytes:
    return struct.pack(f"<{len(values)}{code}", *values)


class Lazy(Sequence[_T], Generic[_T]):
    """A read-only sequence whose items are loaded when asked for, and kept while they are among the latest 4,096."""

    def __init__(self, count: int, load: Callable[[int], _T]) -> None:
        self._count = count
        self._load = lru_cache(maxsize=_LOADED_AT_ONCE)(load)

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, index: int) -> _T: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[_T, ...]: ...

    def __getitem__(self, index: int | slice) -> _T | tuple[_T, ...]:
        if isinstance(index, slice):
            return tuple(self._load(i) for i in range(*index.indices(self._count)))
        if not -self._count <= index < self._count:
            raise IndexError(index)
        return self._load(index % self._count)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Sequence)
            and len(self) == len(other)
            and all(mine == theirs for mine, theirs in zip(self, other, strict=True))
        )

    def __hash__(self) -> int:
        # Items are not hashed, as that would load all of them; equal sequences have equal lengths.
        return hash((type(self), self._count))

    def __repr__(self) -> str:
        return f"<{self._count} records>"


class KeyTable(Sequence[Keys]):
    """The match keys of all exchanges, read from one blob."""

    def __init__(self, blob: bytes) -> None:
        self._hex = blob.hex()

    def __len__(self) -> int:
        return len(self._hex) // (2 * _KEYS_BYTES)

    def __iter__(self) -> Iterator[Keys]:
        text = self._hex
        # One pass over the whole: matching reads every key of a cassette when it opens it.
        # Two hexadecimal digits a byte: 32 for each of the three digests.
        for start in range(0, len(text), 96):
            yield Keys(text[start : start + 32], text[start + 32 : start + 64], text[start + 64 : start + 96])

    @overload
    def __getitem__(self, index: int) -> Keys: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[Keys, ...]: ...

    def __getitem__(self, index: int | slice) -> Keys | tuple[Keys, ...]:
        if isinstance(index, slice):
            return tuple(self[i] for i in range(*index.indices(len(self))))
        if not -len(self) <= index < len(self):
            raise IndexError(index)
        start = index % len(self) * 96
        text = self._hex[start : start + 96]
        return Keys(text[:32], text[32:64], text[64:])
