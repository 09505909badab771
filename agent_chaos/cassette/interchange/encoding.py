"""Replies that a server compressed, as the client reads them: bodies in a cassette are always plain."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from agent_chaos.cassette.storage.zstd import ZstdDecompressor, ZstdError
from agent_chaos.stream.exchange import Data, Reply, ReplyEvent, with_header, without_header

# A few kilobytes can unpack to gigabytes, and an imported file may come from anybody.
_MAX_BYTES = 256 * 1024 * 1024

Decode = Callable[[bytes], bytes]


def without_content_encoding(reply: Reply) -> Reply:
    """The reply without content-encoding, each chunk decoded at the time it arrived.

    A body that is text although it says otherwise is plain, since some recorders decode it and keep the label. Where a
    body cannot be decoded here the reply stays as it is, label and all.
    """
    names = [name.strip().lower() for name in reply.header("content-encoding").split(",") if name.strip()]
    if not names or names == ["identity"] or not reply.body:
        return reply if not names else _labelled(reply, len(reply.body))
    # The coding that was applied last is named last, and is undone first (RFC 9110, 8.4).
    decoders = [_decoder(name) for name in reversed(names)]
    known = [decoder for decoder in decoders if decoder is not None]
    events = _decoded(reply, known) if len(known) == len(decoders) else None
    if events is None:
        return _labelled(reply, len(reply.body)) if _is_text(reply.body) else reply
    plain = Reply(events)
    return _labelled(plain, len(plain.body))


def _decoded(reply: Reply, decoders: list[Decode]) -> tuple[ReplyEvent, ...] | None:
    try:
        return _events(reply, decoders)
    except (zlib.error, ZstdError, EOFError, ValueError):
        return None


def _is_text(body: bytes) -> bool:
    try:
        return "\x00" not in body.decode("utf-8")
    except UnicodeDecodeError:
        return False


def _labelled(reply: Reply, length: int) -> Reply:
    head = reply.head
    if head is None:
        return reply
    headers = without_header(head.headers, "content-encoding")
    if reply.header("content-length"):
        headers = with_header(headers, "content-length", str(length))
    return Reply((replace(head, headers=headers), *reply.events[1:]))


def _events(reply: Reply, decoders: list[Decode]) -> tuple[ReplyEvent, ...]:
    events: list[ReplyEvent] = []
    size = 0
    for event in reply.events:
        if not isinstance(event, Data):
            events.append(event)
            continue
        data = event.data
        for decode in decoders:
            data = decode(data)
        size += len(data)
        if size > _MAX_BYTES:
            raise ValueError("the body unpacks to too much")
        if data:
            events.append(replace(event, data=data))
    return tuple(events)


def _decoder(name: str) -> Decode | None:
    if name in ("gzip", "x-gzip"):
        # 16 is zlib's way to say that gzip's header and checksum stand around the data.
        return _inflating(zlib.MAX_WBITS | 16)
    if name == "deflate":
        return _deflate()
    if name == "zstd":
        return _bounded(ZstdDecompressor())
    if name == "identity":
        return bytes
    # An optional package; without it such a body stays as it is, and `cassette check` says that it cannot be
    # read.
    if name == "br" and find_spec("brotli") is not None:
        return _brotli()
    return None


def _inflating(window_bits: int) -> Decode:
    return _bounded(zlib.decompressobj(window_bits))


def _bounded(decoder: Any) -> Decode:
    def decode(data: bytes) -> bytes:
        # Bounded in each step: the size of the whole is only looked at between chunks, and one chunk alone
        # may unpack to gigabytes.
        plain: bytes = decoder.decompress(data, _MAX_BYTES)
        return plain

    return decode


def _deflate() -> Decode:
    """zlib as the standard says, or raw deflate as some servers send; the first chunk tells."""
    chosen: list[Decode] = []

    def decode(data: bytes) -> bytes:
        if not chosen:
            is_zlib = data[:1] == b"\x78"
            chosen.append(_inflating(zlib.MAX_WBITS if is_zlib else -zlib.MAX_WBITS))
        return chosen[0](data)

    return decode


def _brotli() -> Decode:
    brotli: Any = import_module("brotli")
    decoder = brotli.Decompressor()

    def decode(data: bytes) -> bytes:
        try:
            plain: bytes = decoder.process(data)
        except brotli.error as exc:
            raise ValueError(f"not brotli: {exc}") from None
        return plain

    return decode
