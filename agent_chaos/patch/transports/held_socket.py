"""A socket in memory below http.client: it holds back what is written until a request is whole, then has it answered."""

from __future__ import annotations

import io
import socket
from typing import Any, Protocol

import h11

from agent_chaos.patch.transports.wire import header_fields
from agent_chaos.stream.exchange import Request

# h11 takes 16 KiB, which protects servers from their clients; here the client is the agent itself.
_LARGEST_HEAD = 1 << 20


class Answering(Protocol):
    """What answers the requests of one connection."""

    def answered(self, request: Request, sent: bytes) -> io.RawIOBase | io.BytesIO:
        """The reply as it is read from the socket. `sent` are the request's own bytes."""
        ...

    def waits(self, seconds: float | None) -> None:
        """The client changes how long it waits for the socket."""
        ...


class HeldSocket:
    """The client's end of a connection that is answered without a network, or not yet."""

    def __init__(self, connection: Any, answering: Answering) -> None:
        self.answering = answering
        self._connection = connection
        # http.client writes a request in as many pieces as it likes, and nothing it offers says that one is
        # whole.
        self._parser = h11.Connection(h11.SERVER, max_incomplete_event_size=_LARGEST_HEAD)
        self._sent = bytearray()
        self._body = bytearray()
        self._asked: h11.Request | None = None
        self._reply: Any = None
        self._pair: tuple[socket.socket, socket.socket] | None = None

    def sendall(self, data: Any, flags: int = 0) -> None:
        # http.client takes any buffer: a bytearray, an array, a mapped file.
        piece = bytes(data)
        self._sent += piece
        self._parser.receive_data(piece)
        while not isinstance(event := self._parser.next_event(), type(h11.NEED_DATA)):
            if isinstance(event, h11.Request):
                self._asked = event
            elif isinstance(event, h11.Data):
                self._body += event.data
            elif isinstance(event, h11.EndOfMessage):
                self._reply = self.answering.answered(self._request(), bytes(self._sent))
                return

    def _request(self) -> Request:
        assert self._asked is not None, "the end of a request follows its head"
        headers = header_fields(self._asked.headers.raw_items())
        target = self._asked.target.decode("latin-1")
        url = target if "://" in target else f"{_origin(self._connection)}{target}"
        return Request(self._asked.method.decode("latin-1").upper(), url, headers, bytes(self._body))

    def makefile(self, mode: str = "rb", *args: Any, **kwargs: Any) -> io.BufferedReader:
        assert self._reply is not None, "a reply is read after its request was sent"
        return io.BufferedReader(self._reply)

    def settimeout(self, seconds: float | None) -> None:
        self.answering.waits(seconds)

    def fileno(self) -> int:
        """A socket that is never ready: some libraries ask whether an idle connection was dropped."""
        if self._pair is None:
            self._pair = socket.socketpair()
        return self._pair[0].fileno()

    def close(self) -> None:
        for end in self._pair or ():
            end.close()
        self._pair = None

    def shutdown(self, how: int) -> None:
        """Nothing to do: there is no network."""

    def setsockopt(self, *args: Any) -> None:
        """As `shutdown`."""


def _origin(connection: Any) -> str:
    """Scheme, host and port that a connection speaks to, behind any proxy."""
    # Private, and the only place that names the host behind a proxy: `connection.host` is the proxy then.
    tunnelled = getattr(connection, "_tunnel_host", None)
    host = tunnelled or connection.host
    port = connection._tunnel_port if tunnelled else connection.port
    scheme = "https" if connection.default_port == 443 else "http"
    name = f"[{host}]" if ":" in host else host
    return f"{scheme}://{name}" if port in (None, connection.default_port) else f"{scheme}://{name}:{port}"
