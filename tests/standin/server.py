"""The stand-in's sockets: plain HTTP on loopback, and a proxy that ends TLS, so that SDKs speak to their real hosts."""

from __future__ import annotations

import json
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from types import ModuleType
from typing import Any

from tests.standin.said import Asked, Script
from tests.standin.vectors import embeddings
from tests.standin.wires import WIRES

Contexts = Callable[[str], ssl.SSLContext]


class StandIn:
    """Answers requests by a script. `pace_s` is the wait before each frame; `before_frame(number, index)` may block."""

    def __init__(
        self,
        script: Script,
        *,
        pace_s: float = 0.0,
        first_byte_s: float = 0.0,
        before_frame: Callable[[int, int], None] = lambda number, index: None,
        contexts: Contexts | None = None,
    ) -> None:
        self._script = script
        self._pace_s = pace_s
        self._first_byte_s = first_byte_s
        self._before_frame = before_frame
        self._contexts = contexts
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._lock = threading.Lock()
        self.requests: list[Asked] = []
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Stops listening; connections that are open end with their reply."""
        self._listener.shutdown(
            socket.SHUT_RDWR
        )  # closing alone leaves the thread that accepts one more connection
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            with connection:
                self._talk(connection)
        except (OSError, ValueError):
            return

    def _talk(self, connection: socket.socket) -> None:
        stream = connection.makefile("rb")
        while request := _read(stream):
            method, target, sent, body = request
            if method == "CONNECT":
                connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                assert self._contexts is not None
                host = target.partition(":")[0]
                with self._contexts(host).wrap_socket(connection, server_side=True) as secure:
                    self._talk(secure)
                return
            self._answer(connection, sent.get("host", ""), target, body)

    def _answer(self, connection: socket.socket, host: str, target: str, body: bytes) -> None:
        path = target.partition("?")[0]
        if (vectors := embeddings(path, json.loads(body))) is not None:
            fields = [("Content-Type", "application/json"), ("Content-Length", str(len(vectors)))]
            connection.sendall(_head(200, fields) + vectors)
            return
        wire = _wire(host, path)
        if wire is None:
            connection.sendall(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n")
            return
        asked = getattr(wire, "asked", _asked)(wire.PROTOCOL, path, json.loads(body))
        with self._lock:
            number = len(self.requests)
            self.requests.append(asked)
        self._send(connection, wire, asked, number)

    def _send(self, connection: socket.socket, wire: ModuleType, asked: Asked, number: int) -> None:
        said = self._script(asked)
        time.sleep(self._first_byte_s)
        frames = list(wire.frames(asked, said, number)) if asked.stream else [wire.whole(asked, said, number)]
        fields = wire.headers(asked, number)
        length = [] if asked.stream else [("Content-Length", str(len(frames[0])))]
        chunked = [("Transfer-Encoding", "chunked")] if asked.stream else []
        connection.sendall(_head(200, [*fields, *length, *chunked]))
        for index, frame in enumerate(frames):
            self._before_frame(number, index)
            time.sleep(self._pace_s if index else 0)
            connection.sendall(b"%x\r\n%s\r\n" % (len(frame), frame) if asked.stream else frame)
        if asked.stream:
            connection.sendall(b"0\r\n\r\n")


def _wire(host: str, path: str) -> ModuleType | None:
    """How a path of a host is spoken: as that host has it, else as any host."""
    fit = [
        wire for wire in WIRES.values() if re.search(wire.PATH, path) and getattr(wire, "HOST", host) == host
    ]
    return next((wire for wire in fit if hasattr(wire, "HOST")), fit[0] if fit else None)


_OF_THE_MODEL = ("function_call", "reasoning")


def _asked(protocol: str, path: str, body: dict[str, Any]) -> Asked:
    items = body.get("messages", body.get("input"))
    found = items if isinstance(items, list) else []
    # What the model said in one turn stands in several items of Responses.
    spoke = [item.get("role") == "assistant" or item.get("type") in _OF_THE_MODEL for item in found]
    turns = sum(now and not before for before, now in pairwise([False, *spoke]))
    return Asked(protocol, body["model"], body, bool(body.get("stream")), turns)


def _read(stream: Any) -> tuple[str, str, dict[str, str], bytes] | None:
    line = stream.readline().decode("latin-1").strip()
    if not line:
        return None
    method, target, _ = line.split(" ", 2)
    fields: dict[str, str] = {}
    while line := stream.readline().decode("latin-1").strip():
        name, _, value = line.partition(":")
        fields[name.lower()] = value.strip()
    return method, target, fields, stream.read(int(fields.get("content-length", "0")))


def _head(status: int, fields: list[tuple[str, str]]) -> bytes:
    lines = [f"HTTP/1.1 {status} OK", *(f"{name}: {value}" for name, value in fields)]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


@contextmanager
def standin(script: Script, **options: Any) -> Iterator[StandIn]:
    """A running stand-in, closed at the end."""
    running = StandIn(script, **options)
    try:
        yield running
    finally:
        running.close()
