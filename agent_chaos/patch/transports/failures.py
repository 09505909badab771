"""What each HTTP stack raises for each way in which a transfer breaks, as measured over real sockets.

One table per stack: replay raises by it, and recording reads it the other way round.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from agent_chaos.stream.exchange import AbortKind

CONNECTING: frozenset[AbortKind] = frozenset({"refused", "dns", "connect_timeout", "tls", "pool_timeout"})
"""Before the request is sent."""


@dataclass(frozen=True, slots=True)
class Failure:
    """One row: a transfer that breaks by `kind` raises the class `name` with `message`.

    Several kinds raise one class. A recording then takes the first row whose `cause` is the class of an exception among
    the causes, and whose `says` is in the text; rows without either come last.
    """

    kind: AbortKind
    name: str
    message: str = ""
    cause: str = ""
    says: str = ""


HTTPX = (
    Failure("dns", "ConnectError", "[Errno -2] Name or service not known", cause="gaierror"),
    Failure(
        "tls",
        "ConnectError",
        "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed",
        cause="SSLError",
    ),
    Failure("refused", "ConnectError", "[Errno 111] Connection refused"),
    Failure("refused", "ProxyError"),
    Failure("connect_timeout", "ConnectTimeout", "timed out"),
    Failure("pool_timeout", "PoolTimeout"),
    Failure("write_error", "WriteError", "[Errno 32] Broken pipe"),
    Failure("write_timeout", "WriteTimeout", "timed out"),
    Failure(
        "disconnected",
        "RemoteProtocolError",
        "Server disconnected without sending a response.",
        says="without sending a response",
    ),
    Failure(
        "incomplete",
        "RemoteProtocolError",
        "peer closed connection without sending complete message body (incomplete chunked read)",
        says="closed connection",
    ),
    Failure("bad_protocol", "RemoteProtocolError", "illegal status line"),
    Failure("read_timeout", "ReadTimeout", "The read operation timed out"),
    Failure("reset", "ReadError", "[Errno 104] Connection reset by peer"),
    Failure("bad_encoding", "DecodingError", "Error -3 while decompressing data: incorrect header check"),
)
"""httpx and httpx2, sync."""

_HTTPX_ASYNC_MESSAGES: dict[AbortKind, str] = {
    "refused": "All connection attempts failed",
    "connect_timeout": "",
    "read_timeout": "",
    "reset": "",
    "write_timeout": "",
}
HTTPX_ASYNC = tuple(
    Failure(
        row.kind, row.name, _HTTPX_ASYNC_MESSAGES.get(row.kind, row.message), cause=row.cause, says=row.says
    )
    for row in HTTPX
)

AIOHTTP = (
    Failure("dns", "ClientConnectorDNSError", "Name or service not known"),
    Failure("tls", "ClientConnectorCertificateError", "certificate verify failed"),
    Failure("tls", "ClientConnectorSSLError"),
    Failure("tls", "ClientSSLError"),
    Failure("connect_timeout", "ConnectionTimeoutError", "Connection timeout to host"),
    Failure("pool_timeout", "ConnectionTimeoutError", "Connection timeout to host"),
    Failure("refused", "ClientConnectorError", "Connect call failed"),
    Failure("disconnected", "ServerDisconnectedError"),
    Failure("read_timeout", "SocketTimeoutError"),
    Failure("read_timeout", "ServerTimeoutError"),
    Failure("bad_encoding", "ContentEncodingError"),
    Failure("bad_encoding", "ClientPayloadError", cause="ContentEncodingError"),
    Failure("reset", "ClientPayloadError", cause="ConnectionResetError"),
    Failure("incomplete", "ClientPayloadError"),
    Failure("bad_protocol", "ClientResponseError"),
    Failure("bad_protocol", "BadHttpMessage"),
    Failure("reset", "ClientOSError"),
    Failure("reset", "ConnectionResetError"),
    Failure("read_timeout", "TimeoutError"),
)

SOCKETS = (
    Failure("dns", "gaierror", "Name or service not known"),
    Failure("dns", "NameResolutionError"),
    Failure("tls", "SSLCertVerificationError", "certificate verify failed"),
    Failure("tls", "SSLError"),
    Failure("connect_timeout", "ConnectTimeoutError"),
    Failure("refused", "NewConnectionError"),
    Failure("refused", "ConnectionRefusedError", "Connection refused"),
    Failure("reset", "ConnectionResetError", "Connection reset by peer"),
    Failure("write_error", "BrokenPipeError", "Broken pipe"),
    Failure("read_timeout", "TimeoutError", "timed out"),
)
"""http.client, and all that is built on it: its own errors are those of the socket."""

_SOCKET_ERRORS: dict[AbortKind, Callable[[], OSError]] = {
    "refused": lambda: ConnectionRefusedError(111, "Connection refused"),
    "dns": lambda: socket.gaierror(socket.EAI_NONAME, "Name or service not known"),
    "tls": lambda: ssl.SSLCertVerificationError(
        1, "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed"
    ),
    "write_error": lambda: BrokenPipeError(32, "Broken pipe"),
    "reset": lambda: ConnectionResetError(104, "Connection reset by peer"),
}
_TIMED_OUT: frozenset[AbortKind] = frozenset(
    {"connect_timeout", "pool_timeout", "read_timeout", "write_timeout"}
)

_NEVER_LEFT = ("UnsupportedProtocol", "LocalProtocolError", "InvalidURL", "TooManyRedirects")


def row_of(table: Sequence[Failure], kind: AbortKind) -> Failure:
    """What a stack raises for `kind`."""
    return next(row for row in table if row.kind == kind)


def socket_error(kind: AbortKind) -> OSError | None:
    """What a socket raises; None where it only ends, or hands on what is no HTTP: the parser above it finds that."""
    if kind in _TIMED_OUT:
        return TimeoutError("timed out")
    made = _SOCKET_ERRORS.get(kind)
    return made() if made is not None else None


def never_left(exc: BaseException) -> bool:
    """Whether a request failed before anything of it was sent."""
    return any(cls.__name__ in _NEVER_LEFT for cls in type(exc).__mro__)


def kind_of(table: Sequence[Failure], exc: BaseException) -> AbortKind | None:
    """How a transfer broke, by the exception it raised; None for what is no transfer's error, such as a cancellation."""
    causes = {cls.__name__ for cause in _causes(exc) for cls in type(cause).__mro__}
    text = str(exc).lower()
    for cls in type(exc).__mro__:
        for row in table:
            if row.name == cls.__name__ and (not row.cause or row.cause in causes) and row.says in text:
                return row.kind
    return None


def _causes(exc: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    todo: list[BaseException | None] = [exc]
    while todo:
        one = todo.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        todo += [one.__cause__, one.__context__]
        if isinstance(one, BaseExceptionGroup):
            todo += list(one.exceptions)
