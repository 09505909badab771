"""The bytes of a cassette file: a preamble, then frames with checksums, then an index frame and a footer.

    preamble   magic, format version, state (0 = being recorded, 1 = finished), crc32
    frame      payload length, kind, crc32 of all of it, payload = zstd(record)
    footer     magic, offset of the index frame, number of frames before it, digest of those frames, crc32

A journal is the same file without index and footer, in state 0. Numbers are little-endian.
"""

from __future__ import annotations

import hashlib
import re
import struct
from contextlib import suppress
from dataclasses import dataclass
from mmap import mmap
from typing import Final
from zlib import crc32

from agent_chaos.cassette.model import FORMAT_VERSION
from agent_chaos.cassette.storage.zstd import compressed, declared_size, decompressed

# As in PNG: a byte over 127, a line end and Ctrl-Z do not survive a transfer that takes the file for text.
MAGIC: Final = b"\x89ACHS\r\n\x1a"
END_MAGIC: Final = b"ACHSEND\n"
HEADER, EXCHANGE, TOOL, TURN, INDEX = 1, 2, 3, 4, 5
MAX_RECORD_BYTES: Final = 64 * 1024 * 1024

_FREE_BYTES: Final = 128 * 1024 * 1024
_MAX_RATIO: Final = 100
"""What records may unpack to together: the first number, and so often the size of the file besides. Conversations that
repeat their whole history in every request stay below a tenth of it."""

_PREAMBLE = struct.Struct("<8sHHI")
_FRAME = struct.Struct("<IBI")
_FOOTER = struct.Struct("<8sQQ16sI")
_FRAME_START = re.compile(rb"(?s)(?=...[\x00-\x04][\x01-\x05]....)")
"""A length within bounds and a kind."""

PREAMBLE_BYTES: Final = _PREAMBLE.size
FOOTER_BYTES: Final = _FOOTER.size

Buffer = bytes | mmap


class BrokenRecord(Exception):
    """Bytes that are not what the format says; the message says why, without path and place."""


class Newer(Exception):
    """A format version from the future; the message is the version."""


@dataclass(frozen=True, slots=True)
class FileFrame:
    """One frame. `payload` is still compressed; `offset` and `end` count bytes of the file."""

    kind: int
    payload: bytes
    offset: int
    end: int


@dataclass(frozen=True, slots=True)
class Footer:
    index_offset: int
    count: int
    digest: bytes


def preamble(*, finished: bool) -> bytes:
    start = _PREAMBLE.pack(MAGIC, FORMAT_VERSION, int(finished), 0)[:-4]
    return start + crc32(start).to_bytes(4, "little")


def read_preamble(data: Buffer) -> bool:
    """Whether the file was finished. Raises BrokenRecord or Newer."""
    if not len(data):
        raise BrokenRecord("the file is empty")
    # So much of it as there is: a file that was cut short is told as that, not as one of another kind.
    if data[: len(MAGIC)] != MAGIC[: len(data)]:
        raise BrokenRecord("this is not an agent-chaos cassette")
    if len(data) < PREAMBLE_BYTES:
        raise BrokenRecord("the file ends inside its first 16 bytes")
    _, version, state, checksum = _PREAMBLE.unpack_from(data, 0)
    # Before the version is looked at: a damaged one would send people to upgrade.
    if crc32(data[: PREAMBLE_BYTES - 4]) != checksum or state > 1:
        raise BrokenRecord("the checksum of the file's first bytes does not match")
    if version > FORMAT_VERSION:
        raise Newer(version)
    return bool(state)


def framed(kind: int, plain: bytes) -> bytes:
    """A record as a frame. Raises ValueError where it is too large to be read back."""
    if len(plain) > MAX_RECORD_BYTES:
        raise ValueError(f"a record of {len(plain):,} bytes is over the limit of {MAX_RECORD_BYTES:,}")
    payload = compressed(plain)
    # Packed with a place for the checksum, which is cut off again: it is computed over what stands before it.
    start = _FRAME.pack(len(payload), kind, 0)[:-4]
    return start + crc32(payload, crc32(start)).to_bytes(4, "little") + payload


def read_frame(data: Buffer, offset: int) -> FileFrame:
    """The frame at `offset`, its checksum verified. Raises BrokenRecord."""
    if offset < PREAMBLE_BYTES or offset + _FRAME.size > len(data):
        raise BrokenRecord("the file ends inside a record")
    length, kind, checksum = _FRAME.unpack_from(data, offset)
    start = offset + _FRAME.size
    if start + length > len(data):
        raise BrokenRecord("the file ends inside a record")
    payload = bytes(data[start : start + length])
    # Length and kind are covered as well: a flipped bit in a length would let everything behind it be
    # misread.
    if crc32(payload, crc32(data[offset : start - 4])) != checksum:
        raise BrokenRecord("its checksum does not match")
    return FileFrame(kind, payload, offset, start + length)


def is_torn(data: Buffer, offset: int) -> bool:
    """Whether bytes are missing at the end of the frame at `offset`, as where its writer was killed.

    A length that was altered reads the same, but then the frame is whole without it, or other frames follow.
    """
    start = offset + _FRAME.size
    if start > len(data):
        return True
    length, kind, checksum = _FRAME.unpack_from(data, offset)
    if start + length <= len(data):
        return False
    rest = bytes(data[start:])
    # The checksum covers the length, so it shows whether the frame would be whole with another one.
    whole = crc32(rest, crc32(_FRAME.pack(len(rest), kind, 0)[:-4])) == checksum
    return not whole and not _frame_follows(data, offset)


def _frame_follows(data: Buffer, offset: int) -> bool:
    """Whether a whole frame starts behind `offset`, wherever; bounded, as bytes can be made to look like many starts."""
    # Each candidate's bytes are read for its checksum; without a bound a file of crafted starts costs its
    # size squared.
    left = 2 * MAX_RECORD_BYTES
    for match in _FRAME_START.finditer(data, offset + 1):
        length, _, _ = _FRAME.unpack_from(data, match.start())
        end = match.start() + _FRAME.size + length
        if end > len(data):
            continue
        left -= length
        if left < 0:
            return False
        with suppress(BrokenRecord):
            read_frame(data, match.start())
            return True
    return False


def frame_end(data: Buffer, offset: int) -> int:
    """Where a frame says that it ends, damaged or not; the end of the data where it says nothing."""
    if offset + _FRAME.size > len(data):
        return len(data)
    length, _, _ = _FRAME.unpack_from(data, offset)
    return min(len(data), offset + _FRAME.size + int(length))


def unpacked(read: FileFrame) -> bytes:
    """The record in a frame, unpacked within bounds. Raises BrokenRecord."""
    try:
        return decompressed(read.payload, MAX_RECORD_BYTES)
    except ValueError as exc:
        raise BrokenRecord(f"its content {exc}") from None


class Allowance:
    """What the records of one file may still unpack to: thousands of small ones are a bomb as one large one is."""

    def __init__(self, file_bytes: int) -> None:
        self._left = self._whole = _FREE_BYTES + _MAX_RATIO * file_bytes

    def take(self, read: FileFrame) -> None:
        """Raises BrokenRecord where a record is more than is left."""
        try:
            size = min(declared_size(read.payload), MAX_RECORD_BYTES)  # a larger one has a message of its own
        except ValueError as exc:
            raise BrokenRecord(f"its content {exc}") from None
        if size > self._left:
            raise BrokenRecord(f"the records unpack to more than {self._whole:,} bytes")
        self._left -= size


def footer(index_offset: int, count: int, digest: bytes) -> bytes:
    start = _FOOTER.pack(END_MAGIC, index_offset, count, digest, 0)[:-4]
    return start + crc32(start).to_bytes(4, "little")


def read_footer(data: Buffer) -> Footer:
    """The footer at the end of the file. Raises BrokenRecord."""
    start = len(data) - FOOTER_BYTES
    if start < PREAMBLE_BYTES:
        raise BrokenRecord("the file ends before its index")
    magic, index_offset, count, digest, checksum = _FOOTER.unpack_from(data, start)
    if magic != END_MAGIC or crc32(data[start : len(data) - 4]) != checksum:
        raise BrokenRecord("the file ends before its index, or its last bytes are damaged")
    return Footer(index_offset, count, digest)


def digest_of(data: Buffer, start: int, end: int) -> bytes:
    """The digest of a stretch of frames."""
    return hashlib.blake2b(data[start:end], digest_size=16).digest()
