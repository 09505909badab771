"""http.client, and what is built on it: urllib.request, urllib3, requests, boto3, httplib2.

A connection gets a socket in memory below http.client, so that each library's own parser, pool and exceptions are at work.
The socket holds back what is written until a request is whole, and then has it answered: by the run that is replayed, or
by the recording that is under way (`recording_on`). Connecting is put off until then, since what a connection meets there
depends on what it will ask.
"""

from __future__ import annotations

import importlib
import io
import socket
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

from agent_chaos.patch.imports import when_imported
from agent_chaos.patch.transports.failures import CONNECTING, socket_error
from agent_chaos.patch.transports.held_socket import Answering, HeldSocket
from agent_chaos.patch.transports.transfer import (
    Pause,
    Timeouts,
    Transfer,
    TransferAction,
    TransferFailed,
    pause,
)
from agent_chaos.patch.transports.wire import GARBAGE, Writer, lying
from agent_chaos.runtime.active import replaying
from agent_chaos.runtime.seams import Changes, Seam
from agent_chaos.runtime.session import Session
from agent_chaos.stream.exchange import Abort, AbortKind, Data, End, Head, Request

_NAMES = {"http": "http.client", "urllib": "http.client"}
"""Libraries by the first name of the module of their connections."""


def library_of(connection: Any) -> str:
    """The library that a connection is of, as recordings name it."""
    first = type(connection).__module__.partition(".")[0]
    return _NAMES.get(first, first)


def seconds_of(timeout: Any) -> float | None:
    """A client's limit; what is no number stands for the default of all sockets."""
    if timeout is None or isinstance(timeout, int | float):
        return timeout
    return socket.getdefaulttimeout()


class _Replayed:
    """Answers one connection's requests from a replayed run."""

    def __init__(self, connection: Any, session: Session) -> None:
        self.session = session
        self._connection = connection
        self._limit = seconds_of(connection.timeout)
        self._reading: _ReplayedBody | None = None

    def waits(self, seconds: float | None) -> None:
        self._limit = seconds
        if self._reading is not None:
            self._reading.transfer.waits(seconds)

    def answered(self, request: Request, sent: bytes) -> io.RawIOBase:
        answered = self.session.answers_http(request, library_of(self._connection))
        # A socket has one timeout, for connecting, for sending and for each read.
        limits = Timeouts(self._limit, self._limit, self._limit, self._limit)
        transfer = Transfer(self.session, answered, limits, reply=lying(answered.reply))
        steps = transfer.steps()
        first = transfer.reply.events[0]
        if isinstance(first, Abort) and (first.kind in CONNECTING or first.kind.startswith("write")):
            with transfer.awaited():
                self._refuse(steps)
        self._reading = _ReplayedBody(self.session, self._connection, request, transfer, steps)
        return self._reading

    def _refuse(self, steps: Iterator[TransferAction]) -> None:
        """Raises what connecting or sending raises."""
        for step in steps:
            if isinstance(step, Pause):
                pause(self.session, step)
            elif isinstance(step, TransferFailed):
                self._connection.sock = None
                raise _connecting_error(self._connection, step)


def _connecting_error(connection: Any, failed: TransferFailed) -> Exception:
    """The socket's error, or what urllib3 makes of it where it connects."""
    error = socket_error(failed.kind) or ConnectionResetError(104, "Connection reset by peer")
    # urllib3 turns errors of connecting into its own where it opens the socket, which is above what is
    # replaced here; those of TLS, of sending and of reading it turns where it calls http.client, which
    # still happens.
    if failed.kind not in CONNECTING or failed.kind == "tls" or not _is_urllib3(connection):
        return error
    return _urllib3_error(connection, failed.kind, error)


def _urllib3_error(connection: Any, kind: AbortKind, error: OSError) -> Exception:
    known: Any = importlib.import_module("urllib3.exceptions")
    made: Exception
    if kind == "dns":
        made = known.NameResolutionError(connection.host, connection, error)
    elif kind == "pool_timeout":
        made = known.EmptyPoolError(None, "Pool is full; nobody gave a connection back")
    elif kind == "connect_timeout":
        limit = f"(connect timeout={connection.timeout})"
        made = known.ConnectTimeoutError(connection, f"Connection to {connection.host} timed out. {limit}")
    else:
        made = known.NewConnectionError(connection, f"Failed to establish a new connection: {error}")
    return made


def _is_urllib3(connection: Any) -> bool:
    return any(cls.__module__ == "urllib3.connection" for cls in type(connection).__mro__)


class _ReplayedBody(io.RawIOBase):
    """The bytes of a reply, which arrive in virtual time. One read gives one event, so that chunks stay apart."""

    def __init__(
        self,
        session: Session,
        connection: Any,
        request: Request,
        transfer: Transfer,
        steps: Iterator[TransferAction],
    ) -> None:
        self.transfer = transfer
        self._session = session
        self._connection = connection
        self._steps = steps
        self._writer = Writer(request, transfer.reply)
        self._left = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._left:
            self._left = self._next()
        # No more than was asked for; the rest of the event waits for the next read.
        taken = self._left[: len(buffer)]
        buffer[: len(taken)] = taken
        self._left = self._left[len(taken) :]
        return len(taken)

    def _next(self) -> bytes:
        for step in self._steps:
            if isinstance(step, Pause):
                pause(self._session, step)
            elif isinstance(step, TransferFailed):
                return self._broken(step)
            # A read of zero bytes means the end of the stream, so an event without any is passed over.
            elif data := self._written(step):
                return data
        self._hang_up()
        return b""

    def _written(self, step: Head | Data | End) -> bytes:
        if isinstance(step, Head):
            return self._writer.head(step)
        return self._writer.data(step) if isinstance(step, Data) else self._writer.end()

    def _broken(self, failed: TransferFailed) -> bytes:
        self._hang_up()
        if failed.kind == "bad_protocol":
            return GARBAGE
        # A socket has one class for every timeout, whatever it was waiting for.
        error = socket_error("read_timeout" if failed.timed_out else failed.kind)
        if error is not None:
            raise error
        return b""

    def _hang_up(self) -> None:
        """The connection ends with its reply, so that the next request opens another one."""
        held = self._connection.sock
        if isinstance(held, HeldSocket):
            held.close()
            self._connection.sock = None

    def close(self) -> None:
        if not self.closed:
            self.transfer.note("complete" if self._writer.whole and not self._left else "closed")
            self._hang_up()
        super().close()


recording_on: Callable[[Any], Answering | None] | None = None
"""Answers for a connection while a recording is under way; None lets it through."""

_LIVE = "_agent_chaos_live"
"""Attribute of a connection that is really being opened, or written to."""


def _answering(connection: Any) -> Answering | None:
    session = replaying()
    if session is not None:
        return _Replayed(connection, session)
    return recording_on(connection) if recording_on is not None else None


def _hold(connection: Any) -> bool:
    """Puts a held socket into a connection where it is to be answered; says whether it has one."""
    if vars(connection).get(_LIVE):
        return False
    held, session = connection.sock, replaying()
    if isinstance(held, HeldSocket):
        mine = held.answering
        if session is None or (isinstance(mine, _Replayed) and mine.session is session):
            return True
    answering = _answering(connection)
    if answering is not None:
        connection.sock = HeldSocket(connection, answering)
    return answering is not None


def live(connection: Any, action: Callable[[], Any]) -> Any:
    """Does something with a connection that reaches the network."""
    # `connect` and `send` are the patched ones also from within: this has them let it through.
    vars(connection)[_LIVE] = True
    try:
        return action()
    finally:
        vars(connection).pop(_LIVE)


def _patch_connection(kind: Any) -> None:
    real_connect, real_send = kind.connect, vars(kind).get("send")

    def connect(self: Any) -> None:
        if _hold(self):
            self.is_verified = True  # else urllib3 warns of a connection without TLS
        else:
            real_connect(self)

    # Every connection is put off, since what it meets (refused, reset, a reply) belongs to a site that only
    # the request names.
    kind.connect = connect
    # urllib3's classes have the method of their base, which is patched by itself.
    if real_send is None:
        return

    def send(self: Any, data: Any) -> None:
        if self.sock is not None or self.auto_open:
            _hold(self)
        real_send(self, data)

    kind.send = send


def _patch_urllib3(module: ModuleType) -> None:
    for kind in (vars(module)["HTTPConnection"], vars(module)["HTTPSConnection"]):
        # urllib3's classes override `connect` without calling the one of http.client; a release that no
        # longer does is covered by its base class.
        if "connect" in vars(kind):
            _patch_connection(kind)


def _patch_http_client(module: ModuleType) -> None:
    _patch_connection(module.HTTPConnection)
    _patch_connection(module.HTTPSConnection)


def _apply(changes: Changes) -> None:
    when_imported("http.client", _patch_http_client)
    when_imported("urllib3.connection", _patch_urllib3)


SEAM = Seam(
    "http.client",
    _apply,
    needs=("http.client:HTTPConnection.connect", "urllib3.connection:HTTPConnection.connect"),
)
