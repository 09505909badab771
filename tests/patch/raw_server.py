"""A loopback HTTP server of raw sockets, one thread a connection, whose replies tests write byte by byte."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True)
class Got:
    """A request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class Wire:
    """The server's end of a connection."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection

    def raw(self, data: bytes) -> None:
        self._connection.sendall(data)

    def head(self, status: int = 200, **headers: str) -> None:
        """A head whose body follows in chunks."""
        lines = [f"HTTP/1.1 {status} OK", "transfer-encoding: chunked"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self.raw(("\r\n".join(lines) + "\r\n\r\n").encode())

    def chunk(self, data: bytes) -> None:
        self.raw(b"%x\r\n%s\r\n" % (len(data), data))

    def end(self) -> None:
        self.raw(b"0\r\n\r\n")

    def whole(self, body: bytes, status: int = 200, content_type: str = "application/json") -> None:
        head = f"HTTP/1.1 {status} OK\r\ncontent-type: {content_type}\r\ncontent-length: {len(body)}\r\n\r\n"
        self.raw(head.encode() + body)

    def stream(self, frames: list[bytes]) -> None:
        self.head(content_type="text/event-stream")
        for frame in frames:
            self.chunk(frame)
        self.end()

    def reset(self) -> None:
        """Closes with a RST."""
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def close(self) -> None:
        self._connection.close()


Script = Callable[[Got, Wire], None]


@contextmanager
def serving(script: Script) -> Iterator[str]:
    """The server's base URL, while the block runs."""
    listener = socket.create_server(("127.0.0.1", 0))
    open_ones: list[socket.socket] = []
    threading.Thread(target=_accept, args=(listener, script, open_ones), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for connection in open_ones:
            connection.close()


def _accept(listener: socket.socket, script: Script, open_ones: list[socket.socket]) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        open_ones.append(connection)
        threading.Thread(target=_serve, args=(connection, script), daemon=True).start()


def _serve(connection: socket.socket, script: Script) -> None:
    buffered = b""
    try:
        while True:
            got, buffered = _read(connection, buffered)
            if got is None:
                return
            script(got, Wire(connection))
    except OSError:
        return


def _read(connection: socket.socket, buffered: bytes) -> tuple[Got | None, bytes]:
    while b"\r\n\r\n" not in buffered:
        data = connection.recv(65536)
        if not data:
            return None, b""
        buffered += data
    start, _, body = buffered.partition(b"\r\n\r\n")
    first, *lines = start.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    length = int(headers.get("content-length", "0"))
    while len(body) < length or (
        headers.get("transfer-encoding") == "chunked" and not body.endswith(b"0\r\n\r\n")
    ):
        body += connection.recv(65536)
    method, path, _ = first.split(" ", 2)
    return Got(method, path, headers, body), b""
