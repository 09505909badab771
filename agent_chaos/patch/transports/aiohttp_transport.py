"""aiohttp: the real client, parser and timeouts over an in-memory connection that speaks the recorded bytes.

Only `_create_connection` of the connectors is patched, so that every exception is aiohttp's own.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterable, Iterator
from types import ModuleType
from typing import Any

from agent_chaos.patch.imports import when_imported
from agent_chaos.patch.transports.aiohttp_body import body_of
from agent_chaos.patch.transports.failures import AIOHTTP, CONNECTING, row_of, socket_error
from agent_chaos.patch.transports.transfer import Timeouts, Transfer
from agent_chaos.patch.transports.wire import GARBAGE, Writer, lying
from agent_chaos.runtime.active import replaying
from agent_chaos.runtime.answer import Answered
from agent_chaos.runtime.seams import Changes, Seam
from agent_chaos.runtime.session import Session
from agent_chaos.stream.exchange import Abort, AbortKind, Data, End, Head, Reply, ReplyEvent, Request


class _Wire(asyncio.Transport):
    """The far end of a connection: plays one reply once the client has begun to write its request."""

    def __init__(self, session: Session, protocol: Any, request: Request, answered: Answered) -> None:
        super().__init__(extra={"peername": ("127.0.0.1", 443), "sockname": ("127.0.0.1", 50_000)})
        self._session = session
        self._protocol = protocol
        # aiohttp's own parser and decompressor are at work above, so a lie about the encoding has to be in
        # the bytes.
        self._reply: Reply = lying(answered.reply)
        self._writer = Writer(request, self._reply)
        # Without limits: aiohttp's own timers watch over what it reads.
        self._transfer = Transfer(session, answered, Timeouts())
        self._loop = asyncio.get_running_loop()
        self._start = session.clock.monotonic()
        self._playing = False
        self._closing = False
        self._timer: asyncio.TimerHandle | None = None

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self._play()

    def writelines(self, list_of_data: Iterable[bytes | bytearray | memoryview]) -> None:
        self._play()

    def _play(self) -> None:
        if not self._playing:
            self._playing = True
            self._next(iter(self._reply.events))

    def _next(self, events: Iterator[ReplyEvent]) -> None:
        """Schedules the next event; one at a time, since timers of one instant have no order."""
        event = next(events, None)
        if event is not None and not self._closing:
            self._timer = self._loop.call_at(self._start + event.at, self._due, event, events)

    def _due(self, event: ReplyEvent, events: Iterator[ReplyEvent]) -> None:
        self._event(event)
        self._next(events)

    def _event(self, event: ReplyEvent) -> None:
        if self._closing:
            return
        if isinstance(event, Head):
            self._give(self._writer.head(event), last=self._writer.whole)
        elif isinstance(event, Data):
            self._transfer.received(len(event.data))
            data = self._writer.data(event)
            self._give(data, last=self._writer.whole)
        elif isinstance(event, End):
            self._give(self._writer.end(), last=True)
        else:
            self._break(event)

    def _give(self, data: bytes, *, last: bool) -> None:
        """Hands bytes over. With its last ones the connection ends, or the pool would keep one that answers no more."""
        if last:
            self._transfer.note("complete")
        self._feed(data)
        if last:
            self._lose(None)

    def _break(self, event: Abort) -> None:
        self._transfer.note("timeout" if event.kind.endswith("_timeout") else "aborted", event.kind)
        if event.kind == "bad_protocol":
            self._feed(GARBAGE)
        self._lose(socket_error(event.kind))

    def _feed(self, data: bytes) -> None:
        if data:
            self._protocol.data_received(data)

    def _lose(self, error: OSError | None) -> None:
        if not self._closing:
            self._closing = True
            # In the loop's next step, as asyncio's own transports do; called here, it would end a reader
            # that is still being fed.
            self._loop.call_soon(self._protocol.connection_lost, error)

    def is_closing(self) -> bool:
        return self._closing

    def close(self) -> None:
        if not self._closing:
            self._transfer.note("closed")
            # The run's clock would wait for a timer that is left behind.
            if self._timer is not None:
                self._timer.cancel()
            self._lose(None)

    def abort(self) -> None:
        self.close()

    def pause_reading(self) -> None:
        """Nothing to do: the reply is already in memory."""

    def resume_reading(self) -> None:
        """As `pause_reading`."""

    def is_reading(self) -> bool:
        return True

    def get_write_buffer_size(self) -> int:
        return 0


async def _connect(aiohttp: ModuleType, connector: Any, session: Session, request: Any, timeout: Any) -> Any:
    headers = tuple((str(name), str(value)) for name, value in request.headers.items())
    asked = Request(request.method.upper(), str(request.url), headers, await body_of(request))
    answered = session.answers_http(asked, "aiohttp")
    first = answered.reply.events[0]
    # Before there is a connection, as aiohttp raises other classes for what happens while it connects.
    if isinstance(first, Abort) and first.kind in CONNECTING:
        await _refuse(aiohttp, session, request, timeout, answered, first)
    # `_factory` is private: a partial of `ResponseHandler`, made as the connector's own
    # `_create_connection` makes it.
    protocol = connector._factory()
    protocol.connection_made(_Wire(session, protocol, asked, answered))
    return protocol


async def _refuse(
    aiohttp: ModuleType, session: Session, request: Any, timeout: Any, answered: Answered, abort: Abort
) -> None:
    # `sock_connect` limits opening the socket; `connect` getting a connection in all, from the pool as well.
    limit = timeout.sock_connect or timeout.connect
    transfer = Transfer(session, answered, Timeouts())
    with transfer.awaited():
        await asyncio.sleep(abort.at if limit is None else min(abort.at, limit))
    timed_out = abort.kind.endswith("_timeout") or (limit is not None and abort.at > limit)
    transfer.note("timeout" if timed_out else "aborted", abort.kind)
    raise _connecting_error(aiohttp, request, "connect_timeout" if timed_out else abort.kind)


def _connecting_error(aiohttp: ModuleType, request: Any, kind: AbortKind) -> Exception:
    row = row_of(AIOHTTP, kind)
    # By name, since aiohttp is not imported by this package, and older ones have fewer of these classes.
    raised: Any = getattr(aiohttp, row.name)
    error: Exception
    if kind in ("connect_timeout", "pool_timeout"):
        error = raised(f"{row.message} {request.url}")
    elif kind == "tls":
        error = raised(request.connection_key, ssl.CertificateError(row.message))
    else:
        error = raised(request.connection_key, socket_error(kind))
    return error


_PATCHED = "__agent_chaos_patched__"


def _patch(aiohttp: ModuleType) -> None:
    # A gateway on this machine may be reached by a Unix socket. Each class has a method of its own by that name (3.14).
    for connector in (aiohttp.TCPConnector, aiohttp.UnixConnector):
        if _PATCHED not in vars(connector):  # a reload of the package keeps its classes
            _patch_connector(aiohttp, connector)


def _patch_connector(aiohttp: ModuleType, connector: Any) -> None:
    setattr(connector, _PATCHED, True)
    real_create = connector._create_connection

    async def create_connection(self: Any, req: Any, traces: Any, timeout: Any) -> Any:
        session = replaying()
        if session is None:
            return await real_create(self, req, traces, timeout)
        return await _connect(aiohttp, self, session, req, timeout)

    connector._create_connection = create_connection


def _apply(changes: Changes) -> None:
    when_imported("aiohttp", _patch)


SEAM = Seam(
    "aiohttp",
    _apply,
    needs=("aiohttp:TCPConnector._create_connection", "aiohttp:UnixConnector._create_connection"),
)
