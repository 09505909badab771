"""Bounded zstd: compression of records, and decompression that a small hostile file cannot blow up."""

from __future__ import annotations

import sys

if sys.version_info >= (3, 14):
    from compression.zstd import (
        DecompressionParameter,
        ZstdDecompressor,
        ZstdError,
        compress,
        get_frame_info,
    )
else:
    from backports.zstd import (
        DecompressionParameter,
        ZstdDecompressor,
        ZstdError,
        compress,
        get_frame_info,
    )

__all__ = ["ZstdDecompressor", "ZstdError", "compressed", "declared_size", "decompressed"]

_LEVEL = 3
# 64 MB, as much as a record may hold; a hostile frame may ask for a window of 2 GB.
_WINDOW_LOG = 26


def compressed(plain: bytes) -> bytes:
    """One zstd frame."""
    return compress(plain, _LEVEL)


def declared_size(packed: bytes) -> int:
    """What a frame says that it unpacks to; `decompressed` refuses one that lies. Raises ValueError where it says nothing."""
    try:
        size = get_frame_info(packed).decompressed_size
    except ZstdError as exc:
        raise ValueError(f"not a zstd frame ({exc})") from None
    if size is None:
        raise ValueError("does not say how large it is")
    return size


def decompressed(packed: bytes, max_bytes: int) -> bytes:
    """The content of exactly one zstd frame. Raises ValueError where it is not one or holds more than `max_bytes`."""
    decoder = ZstdDecompressor(options={DecompressionParameter.window_log_max: _WINDOW_LOG})
    try:
        # One byte more, to tell a record of just that size from a larger one.
        plain = decoder.decompress(packed, max_length=max_bytes + 1)
    except (ZstdError, EOFError) as exc:
        raise ValueError(f"not a zstd frame ({exc})") from None
    if len(plain) > max_bytes:
        raise ValueError(f"unpacks to more than {max_bytes:,} bytes")
    if not decoder.eof or decoder.unused_data:
        raise ValueError("is not exactly one zstd frame")
    return plain
