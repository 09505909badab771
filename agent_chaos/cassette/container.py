"""The container: magic and version, checked and compressed frames, an index, a footer. Knows bytes, not meaning.

    magic(4) version(2) reserved(2)
    frame*          length(4) crc32(4) kind(1) zstd(msgpack)
    index frame     offsets and what the writer wants to read without bodies
    footer          offset of the index frame(8) blake2b of the index frame(16) end magic(4)

A file without its footer is a recording that was cut off; its whole frames can be recovered. Decoding is bounded in
size and depth: cassettes are shared between people.
"""

from __future__ import annotations

import struct
import sys
import zlib
from collections.abc import Iterator
from hashlib import blake2b
from typing import Any, Final

import msgpack

from agent_chaos.cassette.model import FORMAT_VERSION
from agent_chaos.errors import CassetteDamaged, CassetteVersion

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

MAGIC: Final = b"ACHS"
END: Final = b"SHCA"
OPENING: Final = struct.Struct("<4sHH")
FRAME: Final = struct.Struct("<IIB")
FOOTER: Final = struct.Struct("<Q16s4s")
INDEX: Final = 255
_MAX_RECORD: Final = 256 * 1024 * 1024
_LEVEL: Final = 3


def opening() -> bytes:
    """The first bytes of a cassette."""
    return OPENING.pack(MAGIC, FORMAT_VERSION, 0)


def frame(kind: int, value: Any) -> bytes:
    """One record as a frame."""
    packed = zstd.compress(msgpack.packb(value, use_bin_type=True), _LEVEL)
    return FRAME.pack(len(packed), zlib.crc32(packed, kind), kind) + packed


def footer(index_offset: int, index_frame: bytes) -> bytes:
    return FOOTER.pack(index_offset, digest(index_frame), END)


def digest(data: bytes) -> bytes:
    return blake2b(data, digest_size=16).digest()


def check_opening(data: bytes | memoryview, name: str) -> None:
    """Raises CassetteDamaged where this is no cassette, CassetteVersion where it is from the future."""
    if not len(data):
        raise CassetteDamaged(f"{name}: empty file, expected a cassette; record it again")
    if len(data) < OPENING.size or bytes(data[:4]) != MAGIC:
        raise CassetteDamaged(
            f"{name}: not a cassette: it starts with {bytes(data[:4])!r}, expected {MAGIC!r}"
        )
    version = OPENING.unpack_from(data)[1]
    if version > FORMAT_VERSION:
        raise CassetteVersion(
            f"{name}: cassette format {version}, this agent-chaos reads up to {FORMAT_VERSION}; upgrade agent-chaos"
        )
    if version < 1:
        raise CassetteDamaged(f"{name}: cassette format {version} does not exist; the file is damaged")


def index_at(data: memoryview, name: str) -> int:
    """The offset of the index frame. Raises CassetteDamaged where the footer is missing or wrong."""
    if len(data) < OPENING.size + FOOTER.size:
        raise CassetteDamaged(f"{name}: truncated after {len(data)} bytes: no index; record it again")
    offset, expected, end = FOOTER.unpack_from(data, len(data) - FOOTER.size)
    index = data[offset : len(data) - FOOTER.size]
    if end != END or not OPENING.size <= offset < len(data) - FOOTER.size:
        raise CassetteDamaged(
            f"{name}: truncated or overwritten at offset {len(data)}: no footer; record it again"
        )
    if digest(index.tobytes()) != expected:
        raise CassetteDamaged(f"{name}: the index at offset {offset} is damaged; record it again")
    return int(offset)


def read_frame(data: memoryview, offset: int, name: str, what: str) -> tuple[int, Any, int]:
    """Kind, value and end offset of the frame at `offset`. Raises CassetteDamaged naming `what` and the offset."""
    if offset + FRAME.size > len(data):
        raise CassetteDamaged(f"{name}: {what} at offset {offset}: the file ends in its head")
    length, crc, kind = FRAME.unpack_from(data, offset)
    start, end = offset + FRAME.size, offset + FRAME.size + length
    if end > len(data):
        raise CassetteDamaged(
            f"{name}: {what} at offset {offset}: the file ends after {len(data) - start} bytes of it"
        )
    packed = data[start:end].tobytes()
    if zlib.crc32(packed, kind) != crc:
        raise CassetteDamaged(f"{name}: {what} at offset {offset}: checksum differs; the file is damaged")
    return kind, _unpacked(packed, f"{name}: {what} at offset {offset}"), end


def whole_frames(data: memoryview, name: str) -> Iterator[tuple[int, Any]]:
    """Every whole frame from the start; stops at the first that is cut off or damaged."""
    offset, number = OPENING.size, 0
    while offset < len(data):
        try:
            kind, value, offset = read_frame(data, offset, name, f"record {number}")
        except CassetteDamaged:
            return
        number += 1
        yield kind, value


def _unpacked(packed: bytes, where: str) -> Any:
    try:
        inflater = zstd.ZstdDecompressor()
        plain = inflater.decompress(packed, _MAX_RECORD)
        if not inflater.eof:
            raise CassetteDamaged(f"{where}: larger than {_MAX_RECORD >> 20} MiB when unpacked; refused")
        return msgpack.unpackb(
            plain,
            raw=False,
            strict_map_key=False,
            unicode_errors="surrogateescape",
            max_array_len=1_000_000,
            max_map_len=1_000_000,
            max_ext_len=0,
        )
    except (zstd.ZstdError, msgpack.UnpackException, ValueError, RecursionError, MemoryError) as exc:
        raise CassetteDamaged(f"{where}: cannot be decoded ({type(exc).__name__})") from None
