"""Records as msgpack: flat arrays of known length, decoded within bounds and checked field by field.

An exchange is one array of scalars and blobs (times as packed doubles, chunk lengths as packed integers, one body), so
that a hostile file cannot make a reader build millions of objects. Values of users' own shape (tool arguments and
results) are JSON text inside.
"""

from __future__ import annotations

import json
import math
import re
import struct
from collections.abc import Sequence
from importlib import import_module
from typing import Any, TypeVar

from agent_chaos.cassette.model import Exchange, Header, Keys, ToolEnd, ToolRecord, TurnMark
from agent_chaos.cassette.storage.frames import MAX_RECORD_BYTES, BrokenRecord
from agent_chaos.stream.exchange import (
    ABORT_KINDS,
    Abort,
    Data,
    End,
    Head,
    Headers,
    Reply,
    ReplyEvent,
    Request,
)

_T = TypeVar("_T")

msgpack: Any = import_module("msgpack")  # it has no type hints

# Of header fields, the only list whose length a server decides; http.client itself stops at 100 fields.
_MAX_ARRAY = 1024
_MAX_CHUNKS = 1 << 18
_MAX_JSON_VALUES = 4_000_000
# Counting costs a pass over the text, and a smaller one has not enough characters to hold that many values.
_COUNTED_FROM = 1 << 20
_MAX_ARRAYS = 8
_DIGEST = 16
# Possessive: a string that never ends costs one pass, not one for each of its quotes.
_JSON_STRING = re.compile(r'"(?:[^"\\]|\\.)*+"')


def pack(fields: Sequence[Any]) -> bytes:
    """A flat record."""
    # Lone surrogates (half of an emoji, cut by a client) are to come back as they were.
    packed: bytes = msgpack.packb(list(fields), use_bin_type=True, unicode_errors="surrogatepass")
    return packed


def unpack(record: bytes, fields: int) -> list[Any]:
    """A flat record of exactly that many fields. Raises BrokenRecord."""
    arrays = 0

    def bounded(items: list[Any]) -> list[Any]:
        nonlocal arrays
        arrays += 1
        if arrays > _MAX_ARRAYS:
            raise ValueError("too many arrays")
        return items

    try:
        found = msgpack.unpackb(
            record,
            unicode_errors="surrogatepass",
            list_hook=bounded,
            max_str_len=MAX_RECORD_BYTES,
            max_bin_len=MAX_RECORD_BYTES,
            max_array_len=_MAX_ARRAY,
            # No record holds these, so nobody can make them cost memory.
            max_map_len=0,
            max_ext_len=0,
        )
    except (ValueError, msgpack.UnpackException, RecursionError) as exc:
        raise BrokenRecord(f"it is not a record ({exc})") from None
    if not isinstance(found, list) or len(found) != fields:
        raise BrokenRecord("it does not have the fields of its kind")
    return found


def _is(value: Any, kind: type[_T]) -> _T:
    # To Python a bool is an int; in a record it is damage.
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise BrokenRecord(f"a field is {type(value).__name__} where {kind.__name__} belongs")
    return value


def _time(value: Any) -> float:
    if not math.isfinite(_is(value, float)):
        raise BrokenRecord("a time is not a finite number")
    return float(value)


def _packed(blob: Any, code: str) -> tuple[Any, ...]:
    size = struct.calcsize(f"<{code}")
    if len(_is(blob, bytes)) % size:
        raise BrokenRecord("a list of numbers ends inside one")
    return struct.unpack(f"<{len(blob) // size}{code}", blob)


def _json(text: Any) -> Any:
    if _json_values(_is(text, str)) > _MAX_JSON_VALUES:
        raise BrokenRecord(f"a JSON value in it holds more than {_MAX_JSON_VALUES:,} values")
    try:
        return json.loads(_is(text, str))
    except (ValueError, RecursionError) as exc:
        raise BrokenRecord(f"a JSON value in it does not parse ({exc})") from None


def _json_values(text: str) -> int:
    """About how many values a large JSON text holds (0 where it is small): each takes 50 times the memory of its text."""
    if len(text) < _COUNTED_FROM:
        return 0
    bare = _JSON_STRING.sub("", text)
    return sum(bare.count(sign) for sign in "[{,")


def _flat(headers: Headers) -> list[str]:
    if len(headers) * 2 + 3 > _MAX_ARRAY:
        raise ValueError(f"more than {_MAX_ARRAY // 2} header fields")
    return [text for pair in headers for text in pair]


def _headers(value: Any) -> Headers:
    texts = [_is(text, str) for text in _is(value, list)]
    if len(texts) % 2:
        raise BrokenRecord("a header field has no value")
    return tuple(zip(texts[::2], texts[1::2], strict=True))


def header_record(header: Header) -> bytes:
    return pack([header.model_dump_json()])


def read_header(record: bytes) -> Header:
    """Raises BrokenRecord."""
    try:
        return Header.model_validate_json(_is(unpack(record, 1)[0], str))
    except ValueError as exc:
        raise BrokenRecord(f"the cassette's header does not validate: {str(exc).splitlines()[0]}") from None


def key_bytes(keys: Keys) -> bytes:
    """Three digests of 16 bytes."""
    return bytes.fromhex(keys.exact + keys.normalised + keys.lane)


def keys_from(blob: Any) -> Keys:
    if len(_is(blob, bytes)) != 3 * _DIGEST:
        raise BrokenRecord("its match keys have the wrong length")
    text = blob.hex()
    return Keys(text[:32], text[32:64], text[64:])


def exchange_record(exchange: Exchange) -> bytes:
    """Raises ValueError where the reply breaks the rules of `stream.exchange`."""
    request, reply = exchange.request, exchange.reply
    datas = [event for event in reply.events if isinstance(event, Data)]
    last = reply.events[-1] if reply.events else None
    if not isinstance(last, End | Abort) or len(datas) + (reply.head is not None) + 1 != len(reply.events):
        raise ValueError("a reply is Head, Data…, End or Abort")
    if len(datas) > _MAX_CHUNKS:
        raise ValueError(f"a reply of more than {_MAX_CHUNKS:,} chunks")
    head = reply.head
    return pack(
        [
            float(exchange.at),
            exchange.turn,
            exchange.protocol,
            exchange.transport,
            key_bytes(exchange.keys),
            request.method,
            request.url,
            _flat(request.headers),
            request.body,
            # Empty where a transfer broke before its status line.
            [] if head is None else [head.status, head.reason, float(head.at), *_flat(head.headers)],
            struct.pack(f"<{len(datas)}d", *(data.at for data in datas)),
            struct.pack(f"<{len(datas)}I", *(len(data.data) for data in datas)),
            reply.body,
            float(last.at),
            last.kind if isinstance(last, Abort) else "",
            last.message if isinstance(last, Abort) else "",
        ]
    )


def read_exchange(record: bytes, index: int) -> Exchange:
    """Raises BrokenRecord."""
    (at, turn, protocol, transport, keys, method, url, headers, body, *answer) = unpack(record, 16)
    return Exchange(
        index=index,
        turn=_is(turn, int),
        at=_time(at),
        request=_request(_is(method, str), _is(url, str), _headers(headers), _is(body, bytes)),
        reply=Reply(_events(answer)),
        keys=keys_from(keys),
        protocol=_is(protocol, str),
        transport=_is(transport, str),
    )


def _request(method: str, url: str, headers: Headers, body: bytes) -> Request:
    request = Request(method, url, headers, body)
    try:
        # A URL is parsed when it is first asked for; here, one that cannot be is damage, and not an error
        # somewhere later.
        _ = request.address
    except ValueError as exc:
        raise BrokenRecord(f"its URL is none ({exc})") from None
    return request


def _events(answer: list[Any]) -> tuple[ReplyEvent, ...]:
    head, ats, lengths, body, last_at, kind, message = answer
    return (*_head(head), *_datas(ats, lengths, _is(body, bytes)), _last(_time(last_at), kind, message))


def _head(value: Any) -> tuple[Head, ...]:
    if not _is(value, list):
        return ()
    if len(value) < 3:
        raise BrokenRecord("a status line lacks a field")
    status, reason, at, *headers = value
    return (Head(_is(status, int), _headers(headers), _time(at), _is(reason, str)),)


def _datas(ats: Any, lengths: Any, body: bytes) -> list[Data]:
    if len(_is(lengths, bytes)) > 4 * _MAX_CHUNKS:
        raise BrokenRecord(f"a reply of more than {_MAX_CHUNKS:,} chunks")
    times, sizes = _packed(ats, "d"), _packed(lengths, "I")
    if len(times) != len(sizes) or sum(sizes) != len(body):
        raise BrokenRecord("the lengths of its chunks do not add up")
    datas: list[Data] = []
    used = 0
    for at, size in zip(times, sizes, strict=True):
        datas.append(Data(body[used : used + size], _time(at)))
        used += size
    return datas


def _last(at: float, kind: Any, message: Any) -> End | Abort:
    if not _is(kind, str):
        return End(at)
    if kind not in ABORT_KINDS:
        raise BrokenRecord(f"a transfer broke in an unknown way: {kind[:40]!r}")
    return Abort(ABORT_KINDS[kind], at, _is(message, str))


def tool_record(tool: ToolRecord) -> bytes:
    return pack(
        [
            float(tool.at),
            tool.turn,
            tool.name,
            json.dumps(tool.arguments),
            json.dumps(tool.end.result),
            tool.end.error_type,
            tool.end.error,
            float(tool.duration_s),
            tool.pure,
        ]
    )


def read_tool(record: bytes, index: int, after: int) -> ToolRecord:
    """Raises BrokenRecord."""
    at, turn, name, arguments, result, error_type, error, duration_s, pure = unpack(record, 9)
    return ToolRecord(
        index=index,
        turn=_is(turn, int),
        at=_time(at),
        name=_is(name, str),
        arguments=_json(arguments),
        end=ToolEnd(_json(result), _is(error_type, str), _is(error, str)),
        duration_s=_time(duration_s),
        pure=_is(pure, bool),
        after=after,
    )


def turn_record(mark: TurnMark) -> bytes:
    return pack([mark.turn, float(mark.at), mark.input, mark.kind == "end", mark.answer])


def read_turn(record: bytes) -> TurnMark:
    """Raises BrokenRecord."""
    turn, at, text, ended, answer = unpack(record, 5)
    kind: bool = _is(ended, bool)
    return TurnMark(_is(turn, int), _time(at), _is(text, str), "end" if kind else "start", _is(answer, str))
