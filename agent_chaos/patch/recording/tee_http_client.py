"""Tees for http.client, and all that is built on it: requests go out once they are whole, chunks pass on as they arrive."""

from __future__ import annotations

import functools
import http.client
import io
import re
from collections.abc import Callable
from typing import Any

import h11

from agent_chaos.patch.recording.capture import Capture
from agent_chaos.patch.recording.tee import Tee
from agent_chaos.patch.recording.unseen_traffic import known_library
from agent_chaos.patch.transports import http_client_transport
from agent_chaos.patch.transports.failures import SOCKETS
from agent_chaos.patch.transports.held_socket import Answering, HeldSocket
from agent_chaos.patch.transports.http_client_transport import library_of, live
from agent_chaos.patch.transports.wire import written_reply
from agent_chaos.stream.exchange import Request, with_header

_TEE = "_agent_chaos_tee"
"""Attribute of a connection that holds the tee of the request it sent, until its reply is read."""

_ENCODING = re.compile(rb"(?im)^(accept-encoding):[^\r\n]*")


def http_client_patches(recorder: Capture) -> list[tuple[Any, str, Any]]:
    """What to patch, as (object, attribute, replacement)."""
    connection = http.client.HTTPConnection
    real = connection.getresponse

    def getresponse(self: Any) -> Any:
        tee = vars(self).pop(_TEE, None)
        return real(self) if tee is None else _tapped(self, real, tee)

    def outgoing(connection: Any) -> Answering:
        return _Outgoing(connection, recorder)

    return [
        (http_client_transport, "recording_on", outgoing),
        (connection, "getresponse", getresponse),
    ]


class _Outgoing:
    """Sends the requests of one connection for real, or answers them from the earlier cassette.

    After a request was sent the connection has its real socket, and nobody reads the empty reply that is given here.
    """

    def __init__(self, connection: Any, recorder: Capture) -> None:
        self._connection = connection
        self._recorder = recorder
        held = connection.sock
        self._real = None if isinstance(held, HeldSocket) else held

    def waits(self, seconds: float | None) -> None:
        """The connection itself says it to the real socket."""

    def answered(self, request: Request, sent: bytes) -> io.BytesIO:
        if not self._recorder.hears(request):
            live(self._connection, functools.partial(self._send, sent))
            return io.BytesIO()
        if (played := self._recorder.played(request)) is not None:
            return io.BytesIO(written_reply(request, played))
        request, sent = _plain(request, sent) if self._recorder.wants_plain(request) else (request, sent)
        tee = self._recorder.tee(request, library_of(self._connection))
        with tee.noting(SOCKETS):
            live(self._connection, functools.partial(self._send, sent))
        # On the connection, as http.client asks for the reply by another call, which only knows the
        # connection.
        vars(self._connection)[_TEE] = tee
        return io.BytesIO()

    def _send(self, sent: bytes) -> None:
        self._connection.sock = self._real
        if self._real is None:
            with known_library():
                self._connection.connect()
        self._connection.send(sent)


def _plain(request: Request, sent: bytes) -> tuple[Request, bytes]:
    """The request, told to ask for an uncompressed reply."""
    # In the bytes: http.client has written them already, and a body may be of any kind.
    head, blank, body = sent.partition(b"\r\n\r\n")
    changed = _ENCODING.sub(rb"\1: identity", head, count=1)
    if changed == head:
        return request, sent
    headers = with_header(request.headers, "accept-encoding", "identity")
    return Request(request.method, request.url, headers, request.body), changed + blank + body


def _tapped(connection: Any, real: Callable[[Any], Any], tee: Tee) -> Any:
    """The response of a connection whose bytes pass the tee."""
    made = connection.response_class
    # A list, to hand the tap out of the function that http.client calls.
    taps: list[_Tap] = []

    def tapped(sock: Any, *args: Any, **kwargs: Any) -> Any:
        response = made(sock, *args, **kwargs)
        taps.append(_Tap(response.fp, tee))
        response.fp = io.BufferedReader(taps[-1])
        return response

    # http.client makes the response inside of `getresponse`, which is where its file must be replaced,
    # before the head is read.
    connection.response_class = tapped
    try:
        with tee.noting(SOCKETS):
            response = real(connection)
    finally:
        connection.response_class = made
    tee.head(response.status, tuple(response.msg.raw_items()), response.reason)
    taps[-1].body_follows(response)
    return response


class _Tap(io.RawIOBase):
    """Reads what the socket's file gives, and shows the body to a tee. Line by line up to the body, to know where it begins."""

    def __init__(self, inner: Any, tee: Tee) -> None:
        self._inner = inner
        self._tee = tee
        self._parser: h11.Connection | None = None

    def readable(self) -> bool:
        return True

    def body_follows(self, response: http.client.HTTPResponse) -> None:
        """The head has been read."""
        if response.length == 0 or response.isclosed():
            self._tee.end()
            return
        self._parser = _body_parser(chunked=bool(response.chunked), length=response.length)

    def readinto(self, buffer: Any) -> int:
        with self._tee.noting(SOCKETS):
            # `read1`, which gives what has arrived: `read` would hold tokens back until the buffer is full.
            data = self._inner.read1(len(buffer)) if self._parser else self._inner.readline(len(buffer))
        buffer[: len(data)] = data
        if self._parser is not None:
            self._show(self._parser, data)
        return len(data)

    def _show(self, parser: h11.Connection, data: bytes) -> None:
        try:
            parser.receive_data(data)
            while not isinstance(event := parser.next_event(), type(h11.NEED_DATA)):
                if isinstance(event, h11.Data):
                    self._tee.data(bytes(event.data))
                elif isinstance(event, h11.EndOfMessage):
                    self._tee.end()
                    self._parser = None
                    return
        except h11.RemoteProtocolError as exc:
            self._tee.broke("bad_protocol" if data else "incomplete", str(exc))

    def close(self) -> None:
        if not self.closed:
            self._tee.closed()
            self._inner.close()
        super().close()


def _body_parser(*, chunked: bool, length: int | None) -> h11.Connection:
    """What reads a body of this form. h11 gets a head of its own: http.client takes heads that h11 would refuse."""
    parser = h11.Connection(h11.CLIENT)
    parser.send(h11.Request(method="GET", target="/", headers=[("host", "none")]))
    parser.send(h11.EndOfMessage())
    field = b"transfer-encoding: chunked" if chunked else b"content-length: %d" % (length or 0)
    framing = field + b"\r\n" if chunked or length is not None else b""
    parser.receive_data(b"HTTP/1.1 200 OK\r\n" + framing + b"\r\n")
    parser.next_event()
    return parser
