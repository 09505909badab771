"""Messages of `application/vnd.amazon.eventstream`, taken apart and put together: lengths, headers, payload, checksums.

https://smithy.io/2.0/aws/amazon-eventstream.html#amazon-event-stream-specification. botocore reads the format and no library
that runs on Python 3.11 writes it, so that both stand here.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from zlib import crc32

CONTENT_TYPE = "application/vnd.amazon.eventstream"

_PRELUDE = struct.Struct("!III")
_CRC = struct.Struct("!I")
_LENGTH = struct.Struct("!H")
# What a message has besides headers and payload: the prelude with its own checksum, and one over all of it
# at the end.
_AROUND = _PRELUDE.size + _CRC.size
_TEXT = 7
_SIZES = {0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16}
"""Bytes of a header's value, by its type; those of bytes and text (6 and 7) say theirs themselves."""


@dataclass(frozen=True, slots=True)
class AwsMessage:
    """One message: its header block as it stands on the wire, and its payload."""

    headers: bytes
    payload: bytes

    def header(self, name: str) -> str:
        """The text of a header; empty where there is none, or it is no text."""
        return next((value for key, value in _headers(self.headers) if key == name), "")

    def written(self) -> bytes:
        """The message with its lengths and checksums."""
        # The checksum of the prelude is part of what the one at the end is over.
        lengths = struct.pack("!II", _AROUND + len(self.headers) + len(self.payload), len(self.headers))
        begun = lengths + _CRC.pack(crc32(lengths)) + self.headers + self.payload
        return begun + _CRC.pack(crc32(begun))


def text_headers(*pairs: tuple[str, str]) -> bytes:
    """A header block of texts."""
    return b"".join(_text_header(name.encode(), value.encode()) for name, value in pairs)


def begins_message(body: bytes) -> bool:
    """Whether a body begins with a whole prelude, which carries a checksum of its own."""
    if len(body) < _PRELUDE.size:
        return False
    *_, checksum = _PRELUDE.unpack_from(body)
    return bool(crc32(body[:8]) == checksum)


def messages(body: bytes) -> Iterator[tuple[int, int, AwsMessage]]:
    """Every whole message with its start and end, up to the first that is damaged or cut: there a client stops, too."""
    at = 0
    while found := _message(body, at):
        end, message = found
        yield at, end, message
        at = end


def _message(body: bytes, at: int) -> tuple[int, AwsMessage] | None:
    if not begins_message(body[at : at + _PRELUDE.size]):
        return None
    total, length, _ = _PRELUDE.unpack_from(body, at)
    end, start = at + total, at + _PRELUDE.size
    # The prelude's checksum may be right on lengths that are not: a fault can write it so, and a slice would
    # silently be short.
    if total < _AROUND + length or end > len(body):
        return None
    (checksum,) = _CRC.unpack_from(body, end - _CRC.size)
    if crc32(body[at : end - _CRC.size]) != checksum:
        return None
    return end, AwsMessage(body[start : start + length], body[start + length : end - _CRC.size])


def _headers(block: bytes) -> Iterator[tuple[str, str]]:
    at = 0
    while at < len(block):
        named = at + 1 + block[at]
        name, kind = block[at + 1 : named].decode("utf-8", "replace"), block[named : named + 1]
        at = named + 1
        size = _SIZES.get(kind[0]) if kind else 0
        # Padded on the left, so that a block that was cut within the two bytes of the length still unpacks.
        if size is None:
            (size,) = _LENGTH.unpack(block[at : at + 2].rjust(2, b"\0"))
            at += 2
        yield name, block[at : at + size].decode("utf-8", "replace") if kind == bytes([_TEXT]) else ""
        at += size


def _text_header(name: bytes, value: bytes) -> bytes:
    return bytes([len(name)]) + name + bytes([_TEXT]) + _LENGTH.pack(len(value)) + value
