"""Records as msgpack values, and back. Reading checks every shape: a cassette is untrusted input."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, assert_never, get_args

from pydantic import ValidationError

from agent_chaos.cassette.model import Exchange, Header, Keys, ToolRecord, TurnMark
from agent_chaos.errors import CassetteDamaged
from agent_chaos.stream.exchange import Abort, AbortKind, Data, End, Event, Head, Reply, Request

HEADER, EXCHANGE, TOOL, TURN = 1, 2, 3, 4

_T = TypeVar("_T")
_KINDS = frozenset(get_args(AbortKind))


def pack_exchange(exchange: Exchange) -> list[Any]:
    request = exchange.request
    return [
        exchange.index,
        exchange.turn,
        exchange.at,
        [request.method, request.url, [list(pair) for pair in request.headers], request.body],
        [_pack_event(event) for event in exchange.reply.events],
        [exchange.keys.exact, exchange.keys.normalised, exchange.keys.lane],
        exchange.protocol,
        exchange.transport,
    ]


def unpack_exchange(value: Any) -> Exchange:
    index, turn, at, (method, url, headers, body), events, keys, protocol, transport = value
    request = Request(_str(method), _str(url), _headers(headers), _bytes(body))
    reply = Reply(tuple(_unpack_event(event) for event in events))
    if not reply.events or not isinstance(reply.events[-1], End | Abort):
        raise ValueError("a reply must end in End or Abort")
    exact, normalised, lane = (_str(key) for key in keys)
    found = Keys(exact, normalised, lane)
    return Exchange(int(index), int(turn), float(at), request, reply, found, _str(protocol), _str(transport))


def _pack_event(event: Event) -> list[Any]:
    match event:
        case Head():
            return ["h", event.at, event.status, [list(pair) for pair in event.headers], event.reason]
        case Data():
            return ["d", event.at, event.data]
        case End():
            return ["e", event.at]
        case Abort():
            return ["a", event.at, event.kind, event.message]
        case _:
            assert_never(event)


def _unpack_event(value: Any) -> Event:
    kind, at, *rest = value
    if kind == "h":
        status, headers, reason = rest
        return Head(int(status), _headers(headers), float(at), _str(reason))
    if kind == "d":
        return Data(_bytes(rest[0]), float(at))
    if kind == "e":
        return End(float(at))
    if kind == "a" and rest[0] in _KINDS:
        return Abort(rest[0], float(at), _str(rest[1]))
    raise ValueError(f"unknown event {kind!r}")


def pack_tool(tool: ToolRecord) -> dict[str, Any]:
    return {name: getattr(tool, name) for name in ToolRecord.__dataclass_fields__}


def unpack_tool(value: Any) -> ToolRecord:
    record = ToolRecord(**value)
    numbers, words = (record.index, record.turn, record.after), (record.name, record.error_type, record.error)
    if not all(isinstance(n, int) for n in numbers) or not all(isinstance(w, str) for w in words):
        raise ValueError("a tool record has a field of the wrong type")
    return record


def pack_turn(mark: TurnMark) -> dict[str, Any]:
    return {name: getattr(mark, name) for name in TurnMark.__dataclass_fields__}


def unpack_turn(value: Any) -> TurnMark:
    mark = TurnMark(**value)
    if not isinstance(mark.turn, int) or not isinstance(mark.input, str) or mark.kind not in ("start", "end"):
        raise ValueError("a turn mark has a field of the wrong type")
    return mark


def unpack_header(value: Any) -> Header:
    return Header.model_validate(value)


def checked(unpack: Callable[[Any], _T], value: Any, where: str) -> _T:
    """`unpack(value)`; a wrong shape becomes CassetteDamaged naming `where`."""
    try:
        return unpack(value)
    except (ValidationError, ValueError, TypeError, KeyError, IndexError, OverflowError) as exc:
        raise CassetteDamaged(
            f"{where}: not what a cassette holds ({str(exc).splitlines()[0][:120]})"
        ) from None


def _headers(value: Any) -> tuple[tuple[str, str], ...]:
    return tuple((_str(name), _str(text)) for name, text in value)


def _str(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"expected text, found {type(value).__name__}")
    return value


def _bytes(value: Any) -> bytes:
    if not isinstance(value, bytes):
        raise ValueError(f"expected bytes, found {type(value).__name__}")
    return value
