"""A server on 127.0.0.1 that hands every request to one place and writes what comes back, event by event.

Its threads belong to no run: they wait in real time. h11 reads the requests. With `tls` it is a proxy, too, that ends the TLS
of whatever host a client asks it to connect to, so that clients keep their base URLs.
"""

from __future__ import annotations

import select
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from queue import Empty

import h11

from agent_chaos.patch.loopback.addresses import meant
from agent_chaos.patch.loopback.aside import aside
from agent_chaos.patch.loopback.writing import ReplyWriter
from agent_chaos.runtime import real
from agent_chaos.stream.exchange import Abort, End, Head, ReplyEvent, Request, header

_MOST_BODY_BYTES = 64 * 1024 * 1024
_LOOK_S = 0.02
"""How often a connection is looked at for whether its client is still there."""
_LEARNT_S = 0.02


@dataclass(eq=False)
class Incoming:
    """A request that waits for its reply, from that port of this machine. `put` events, up to an End or an Abort.

    `gone` is set once the client has closed the connection before that.
    """

    request: Request
    port: int
    events: real.SimpleQueue[tuple[ReplyEvent, ...]] = field(default_factory=real.SimpleQueue)
    gone: bool = False

    def put(self, *events: ReplyEvent) -> None:
        """What is put together is written together."""
        self.events.put(events)


class LoopbackServer:
    """Serves until it is closed.

    Args:
        take: called with each request, in the connection's thread; it must not block.
        own: the same for requests that stand for no other place, whose URL is their target alone; by default they get
            a 404.
        tls: the context that answers for a host; without it, nothing is connected to.
        patience_s: real seconds that a stalled reply waits for its client to give up, before the connection is reset.
        one_client: whether all connections are those of one program: a place where it once waited that long is one where
            it has no shorter limit, and the next stall there is reset after `_LEARNT_S`.
    """

    def __init__(
        self,
        take: Callable[[Incoming], None],
        *,
        own: Callable[[Incoming], None] | None = None,
        tls: Callable[[str], ssl.SSLContext] | None = None,
        patience_s: float = 5.0,
        one_client: bool = False,
        port: int = 0,
    ) -> None:
        self._take = take
        self._own = own or not_found
        self._tls = tls
        self._patience_s = patience_s
        self._one_client = one_client
        self._waits_on: set[str] = set()
        # Never on all addresses: what is served is a recording, and keys come with the requests.
        self._listener = socket.create_server(("127.0.0.1", port))
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        aside(self._accept)

    def close(self) -> None:
        """Takes no more connections."""
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            # Or small events of a stream wait for the client's acknowledgement (Nagle's algorithm).
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            aside(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        try:
            with connection:
                self._requests(connection)
        except (OSError, h11.RemoteProtocolError):
            return  # the client is gone, or speaks no HTTP

    def _requests(self, connection: socket.socket, place: str = "") -> None:
        """Answers one request after the other; `place` is what they are for where their targets do not say so."""
        rest = b""
        while (found := _read(connection, rest)) is not None:
            request, rest = found
            # Not within a tunnel: there a second one would be for another proxy.
            if request.method == "CONNECT" and self._tls is not None and not place:
                self._tunnel(connection, request.url, self._tls)
                return
            if not self._answer(connection, replace(request, url=place + request.url)):
                return

    def _tunnel(self, connection: socket.socket, where: str, tls: Callable[[str], ssl.SSLContext]) -> None:
        """Speaks TLS with a client that takes this server for `host:port`."""
        host, _, port = where.rpartition(":")
        connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        with tls(host).wrap_socket(connection, server_side=True) as secure:
            self._requests(secure, f"https://{host}" if port == "443" else f"https://{where}")

    def _answer(self, connection: socket.socket, request: Request) -> bool:
        """Writes one reply; whether another may follow on the connection."""
        incoming = Incoming(request, connection.getpeername()[1])
        place = request.url.partition("?")[0]
        writer = ReplyWriter(connection, lambda: self._until_closed(connection, place), method=request.method)
        answers = self._take if request.host else self._own
        answers(incoming)
        while True:
            events = _next(incoming, connection)
            if events is None:
                incoming.gone = True
                return False
            writer.write(events)
            if isinstance(events[-1], End | Abort):
                # A client that says so reads to the end of the connection.
                return writer.reusable and header(request.headers, "connection").lower() != "close"

    def _until_closed(self, connection: socket.socket, place: str) -> None:
        until = real.monotonic() + (_LEARNT_S if place in self._waits_on else self._patience_s)
        while not _closed(connection):
            if real.monotonic() >= until:
                self._waits_on |= {place} if self._one_client else set()
                return
            real.sleep(_LOOK_S)


def _next(incoming: Incoming, connection: socket.socket) -> tuple[ReplyEvent, ...] | None:
    """The next events to write; None once the client is gone."""
    while True:
        try:
            return incoming.events.get(timeout=_LOOK_S)
        except Empty:
            if _closed(connection):
                return None


def _closed(connection: socket.socket) -> bool:
    readable, _, _ = select.select([connection], [], [], 0)
    if not readable:
        return False
    try:
        # Below TLS, whose own `recv` cannot peek: bytes of any kind say that the client is still there.
        return socket.socket.recv(connection, 1, socket.MSG_PEEK) == b""
    except OSError:
        return True


def not_found(incoming: Incoming) -> None:
    """Answers what stands for no other place."""
    incoming.put(Head(404, (("content-length", "0"),)), End())


def _read(connection: socket.socket, rest: bytes) -> tuple[Request, bytes] | None:
    """The next request of a connection and the bytes after it; None where there is no more."""
    # One for each request: h11 goes on to the next only where the reply is written through it, which it is
    # not.
    parser = h11.Connection(h11.SERVER, max_incomplete_event_size=1024 * 1024)
    if rest:
        parser.receive_data(rest)
    head: h11.Request | None = None
    body = bytearray()
    while True:
        event = parser.next_event()
        if event is h11.NEED_DATA:
            # curl waits for this before it sends a large body.
            if parser.they_are_waiting_for_100_continue:
                connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
            parser.receive_data(connection.recv(65_536))
        elif isinstance(event, h11.Request):
            head = event
        elif isinstance(event, h11.Data):
            body += event.data
            if len(body) > _MOST_BODY_BYTES:
                return None
        elif isinstance(event, h11.EndOfMessage) and head is not None:
            return _request(head, bytes(body)), parser.trailing_data[0]
        else:
            return None


def _request(head: h11.Request, body: bytes) -> Request:
    headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in head.headers.raw_items()]
    target = head.target.decode("latin-1")
    url = meant(target)
    if url:
        place = url.split("/")[2]
        headers = [("host", place) if name.lower() == "host" else (name, value) for name, value in headers]
    return Request(head.method.decode("ascii"), url or target, tuple(headers), body)
