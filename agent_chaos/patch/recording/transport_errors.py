"""From an HTTP stack's exception to how the transfer broke. The other way round is in `httpx_transport` and `aiohttp_wire`."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator

from agent_chaos.patch.recording.tee import Tee
from agent_chaos.stream.exchange import AbortKind

_KINDS: dict[str, AbortKind] = {
    "ConnectTimeout": "connect_timeout",
    "ConnectionTimeoutError": "connect_timeout",
    "PoolTimeout": "pool_timeout",
    "ReadTimeout": "read_timeout",
    "SocketTimeoutError": "read_timeout",
    "ServerTimeoutError": "read_timeout",
    "WriteTimeout": "write_timeout",
    "ClientConnectorDNSError": "dns",
    "ClientConnectorCertificateError": "tls",
    "ClientConnectorSSLError": "tls",
    "ClientSSLError": "tls",
    "ConnectError": "refused",
    "ProxyError": "refused",
    "ClientConnectorError": "refused",
    "ServerDisconnectedError": "disconnected",
    "RemoteProtocolError": "bad_protocol",
    "ContentEncodingError": "bad_encoding",
    "DecodingError": "bad_encoding",
    "ClientPayloadError": "incomplete",
    "ClientResponseError": "bad_protocol",
    "BadHttpMessage": "bad_protocol",
    "WriteError": "write_error",
    "ReadError": "reset",
    "ClientOSError": "reset",
    "ConnectionResetError": "reset",
    "TimeoutError": "read_timeout",
}
"""By exception class, nearest in the MRO first."""

_NEVER_LEFT = ("UnsupportedProtocol", "LocalProtocolError", "InvalidURL", "TooManyRedirects")


def failed(tee: Tee, exc: BaseException) -> None:
    """Ends a tee with what an exception says. Cancellation and whatever is no transfer error is the client's closing."""
    names = [cls.__name__ for cls in type(exc).__mro__]
    if any(name in _NEVER_LEFT for name in names):
        tee.drop()
        return
    kind = next((_KINDS[name] for name in names if name in _KINDS), None)
    if kind is None:
        tee.closed()
    else:
        tee.broke(_refined(kind, exc), str(exc))


def _refined(kind: AbortKind, exc: BaseException) -> AbortKind:
    """The kind that the causes or the text tell more exactly."""
    causes = list(_causes(exc))
    text = str(exc).lower()
    if kind == "refused":
        if any(isinstance(cause, socket.gaierror) for cause in causes):
            return "dns"
        return "tls" if any(isinstance(cause, ssl.SSLError) for cause in causes) else "refused"
    if kind == "bad_protocol" and "without sending a response" in text:
        return "disconnected"
    if kind == "bad_protocol" and "closed connection" in text:
        return "incomplete"
    if kind == "incomplete" and any(isinstance(cause, ConnectionResetError) for cause in causes):
        return "reset"
    if kind == "incomplete" and any(type(cause).__name__ == "ContentEncodingError" for cause in causes):
        return "bad_encoding"
    return kind


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
