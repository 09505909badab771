"""Writes a reply to a socket, its faults included: wrong lengths, resets and bytes that are no HTTP.

h11 would refuse to write most of them, so the bytes are made here (RFC 9112).
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable, Sequence

from agent_chaos.patch.transports.wire import octets
from agent_chaos.stream.exchange import Abort, AbortKind, Data, End, Head, ReplyEvent, header

_OF_ONE_CONNECTION = ("transfer-encoding", "connection", "keep-alive")
_WITHOUT_BODY = (204, 304)
_NO_HTTP = b"\x15\x03\x01\x00\x02\x02\x28"
"""A TLS alert, as a port answers that speaks something else."""

_STALLS: tuple[AbortKind, ...] = ("connect_timeout", "pool_timeout", "read_timeout", "write_timeout")
"""What a client notices by its own clock alone."""

_CLOSED: tuple[AbortKind, ...] = ("disconnected", "incomplete")


class ReplyWriter:
    """Writes the events of one reply, those that came together at once.

    Args:
        connection: where to.
        until_closed: waits until the client gives up, in real time and not for ever.

    After the last event `reusable` says whether another reply may follow on the connection.
    """

    def __init__(
        self, connection: socket.socket, until_closed: Callable[[], None], *, method: str = "GET"
    ) -> None:
        self._connection = connection
        self._until_closed = until_closed
        self._method = method
        self._chunked = False
        self._left = 0
        self._unsent = bytearray()
        self.reusable = False

    def write(self, events: Sequence[ReplyEvent]) -> None:
        """Writes events that came together. Raises OSError where the client is gone."""
        for event in events:
            self._write(event)
        self._flush()

    def _write(self, event: ReplyEvent) -> None:
        match event:
            case Head():
                self._head(event)
            case Data():
                self._data(event.data)
            case End():
                self._end()
            case Abort():
                self._abort(event.kind)

    def _head(self, head: Head) -> None:
        bodyless = self._method == "HEAD" or head.status in _WITHOUT_BODY or head.status < 200
        length = header(head.headers, "content-length")
        # As the head says, right or wrong: whether the connection can be used again depends on what the
        # client was promised.
        self._left = int(length) if length.isdigit() and not bodyless else 0
        self._chunked = not length.isdigit() and not bodyless
        fields = [(name, value) for name, value in head.headers if name.lower() not in _OF_ONE_CONNECTION]
        if self._chunked:
            fields.append(("transfer-encoding", "chunked"))
        lines = [f"HTTP/1.1 {head.status} {head.reason}", *(f"{name}: {value}" for name, value in fields)]
        self._send(b"".join(octets(line) + b"\r\n" for line in (*lines, "")))

    def _data(self, data: bytes) -> None:
        self._left -= len(data)
        if data and self._chunked:
            self._send(b"%x\r\n%b\r\n" % (len(data), data))
        elif data:
            self._send(data)

    def _end(self) -> None:
        if self._chunked:
            self._send(b"0\r\n\r\n")
        self.reusable = self._chunked or self._left == 0
        if not self.reusable:
            self._close()

    def _abort(self, kind: AbortKind) -> None:
        if kind == "bad_encoding":  # the bytes lie by themselves
            self._end()
            return
        self._flush()
        if kind in _STALLS:
            self._until_closed()
        if kind == "bad_protocol":
            self._send(_NO_HTTP)
            self._flush()
        if kind not in (*_CLOSED, "bad_protocol"):
            # with no time to linger, close() sends RST instead of FIN
            self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._close()

    def _send(self, data: bytes) -> None:
        self._unsent += data

    def _flush(self) -> None:
        if self._unsent:
            self._connection.sendall(self._unsent)
            self._unsent.clear()

    def _close(self) -> None:
        self._flush()
        self._connection.close()
