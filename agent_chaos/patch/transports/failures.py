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
class RaisedFailure:
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
    RaisedFailure("dns", "ConnectError", "[Errno -2] Name or service not known", cause="gaierror"),
    RaisedFailure(
        "tls",
        "ConnectError",
        "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed",
        cause="SSLError",
    ),
    RaisedFailure("refused", "ConnectError", "[Errno 111] Connection refused"),
    # Read only while recording: a proxy that cannot be reached is, to the agent, a provider that cannot.
    RaisedFailure("refused", "ProxyError"),
    RaisedFailure("connect_timeout", "ConnectTimeout", "timed out"),
    RaisedFailure("pool_timeout", "PoolTimeout"),
    RaisedFailure("write_error", "WriteError", "[Errno 32] Broken pipe"),
    RaisedFailure("write_timeout", "WriteTimeout", "timed out"),
    RaisedFailure(
        "disconnected",
        "RemoteProtocolError",
        "Server disconnected without sending a response.",
        says="without sending a response",
    ),
    RaisedFailure(
        # The text tells it from `bad_protocol`: h11 raises one class for both.
        "incomplete",
        "RemoteProtocolError",
        "peer closed connection without sending complete message body (incomplete chunked read)",
        says="closed connection",
    ),
    RaisedFailure("bad_protocol", "RemoteProtocolError", "illegal status line"),
    RaisedFailure("read_timeout", "ReadTimeout", "The read operation timed out"),
    RaisedFailure("reset", "ReadError", "[Errno 104] Connection reset by peer"),
    RaisedFailure(
        "bad_encoding", "DecodingError", "Error -3 while decompressing data: incorrect header check"
    ),
)
"""httpx and httpx2, sync."""

# Below the async client is anyio, which words some errors otherwise or not at all; agents match on `str(exc)`.
_HTTPX_ASYNC_MESSAGES: dict[AbortKind, str] = {
    "refused": "All connection attempts failed",
    "connect_timeout": "",
    "read_timeout": "",
    "reset": "",
    "write_timeout": "",
}
HTTPX_ASYNC = tuple(
    RaisedFailure(
        row.kind, row.name, _HTTPX_ASYNC_MESSAGES.get(row.kind, row.message), cause=row.cause, says=row.says
    )
    for row in HTTPX
)

AIOHTTP = (
    RaisedFailure("dns", "ClientConnectorDNSError", "Name or service not known"),
    RaisedFailure("tls", "ClientConnectorCertificateError", "certificate verify failed"),
    RaisedFailure("tls", "ClientConnectorSSLError"),
    RaisedFailure("tls", "ClientSSLError"),
    RaisedFailure("connect_timeout", "ConnectionTimeoutError", "Connection timeout to host"),
    RaisedFailure("pool_timeout", "ConnectionTimeoutError", "Connection timeout to host"),
    RaisedFailure("refused", "ClientConnectorError", "Connect call failed"),
    RaisedFailure("disconnected", "ServerDisconnectedError"),
    RaisedFailure("read_timeout", "SocketTimeoutError"),
    RaisedFailure("read_timeout", "ServerTimeoutError"),
    RaisedFailure("bad_encoding", "ContentEncodingError"),
    RaisedFailure("bad_encoding", "ClientPayloadError", cause="ContentEncodingError"),
    RaisedFailure("reset", "ClientPayloadError", cause="ConnectionResetError"),
    # aiohttp wraps whatever ends a body in one class; only what caused it says which it was.
    RaisedFailure("incomplete", "ClientPayloadError"),
    RaisedFailure("bad_protocol", "ClientResponseError"),
    RaisedFailure("bad_protocol", "BadHttpMessage"),
    RaisedFailure("reset", "ClientOSError"),
    RaisedFailure("reset", "ConnectionResetError"),
    RaisedFailure("read_timeout", "TimeoutError"),
)

SOCKETS = (
    RaisedFailure("dns", "gaierror", "Name or service not known"),
    RaisedFailure("dns", "NameResolutionError"),
    RaisedFailure("tls", "SSLCertVerificationError", "certificate verify failed"),
    RaisedFailure("tls", "SSLError"),
    RaisedFailure("connect_timeout", "ConnectTimeoutError"),
    RaisedFailure("refused", "NewConnectionError"),
    RaisedFailure("refused", "ConnectionRefusedError", "Connection refused"),
    RaisedFailure("reset", "ConnectionResetError", "Connection reset by peer"),
    RaisedFailure("write_error", "BrokenPipeError", "Broken pipe"),
    RaisedFailure("read_timeout", "TimeoutError", "timed out"),
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


def row_of(table: Sequence[RaisedFailure], kind: AbortKind) -> RaisedFailure:
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


def abort_kind(table: Sequence[RaisedFailure], exc: BaseException) -> AbortKind | None:
    """How a transfer broke, by the exception it raised; None for what is no transfer's error, such as a cancellation."""
    causes = {cls.__name__ for cause in _causes(exc) for cls in type(cause).__mro__}
    text = str(exc).lower()
    for cls in type(exc).__mro__:
        # By name along the bases: a library may be absent, and a subclass (an SDK's, a newer release's) is
        # as good as its base.
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
        # Both: libraries raise `from` another exception, or just within its handler.
        todo += [one.__cause__, one.__context__]
        if isinstance(one, BaseExceptionGroup):
            todo += list(one.exceptions)
