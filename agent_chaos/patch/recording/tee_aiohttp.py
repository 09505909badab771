"""Tees for aiohttp: requests as they leave, chunks as the parser delivers them. Redirects are exchanges of their own."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext
from types import ModuleType
from typing import Any

from agent_chaos.patch.recording.capture import Capture
from agent_chaos.patch.recording.tee import Tee
from agent_chaos.patch.recording.unseen_traffic import known_library
from agent_chaos.patch.transports.aiohttp_body import body_of
from agent_chaos.patch.transports.failures import AIOHTTP
from agent_chaos.patch.transports.wire import header_fields, written_reply
from agent_chaos.stream.exchange import Reply, Request

_TRANSPORT = "aiohttp"
_TEE = "_agent_chaos_tee"


def aiohttp_patches(library: ModuleType, recorder: Capture) -> list[tuple[Any, str, Any]]:
    """What to patch in aiohttp, as (class, attribute, replacement).

    A tee is made where a connection is asked for, goes with the request to its response, and ends with the body.
    """
    return [
        (library.BaseConnector, "connect", _connecting(library, recorder)),
        (library.ClientRequest, "send", _sending(library.ClientRequest.send)),
        (library.ClientResponse, "start", _starting(library.ClientResponse.start, _Taps(library))),
    ]


def _connecting(library: ModuleType, recorder: Capture) -> Any:
    """`BaseConnector.connect`: the earlier cassette's answer, or a real connection and a tee for what it brings."""
    actual = library.BaseConnector.connect

    async def real_connect(self: Any, req: Any, traces: Any, timeout: Any) -> Any:
        with known_library():
            return await actual(self, req, traces, timeout)

    async def connect(self: Any, req: Any, traces: Any, timeout: Any) -> Any:
        asked = await _asked(req)
        if not recorder.hears(asked):
            return await real_connect(self, req, traces, timeout)
        if (played := recorder.played(asked)) is not None:
            return _played(library, self, req, asked, played)
        if recorder.wants_plain(asked):
            req.headers["Accept-Encoding"] = "identity"
        # Read again, since a header has changed.
        tee = recorder.tee(await _asked(req), _TRANSPORT)
        # By the objects themselves: aiohttp hands the request to the response, and tasks of one connection
        # pool are mixed.
        setattr(req, _TEE, tee)
        with tee.noting(AIOHTTP):
            return await real_connect(self, req, traces, timeout)

    return connect


def _sending(actual: Any) -> Any:
    """`ClientRequest.send`: the tee goes on to the response."""

    async def send(self: Any, conn: Any) -> Any:
        tee: Tee | None = getattr(self, _TEE, None)
        with nullcontext() if tee is None else tee.noting(AIOHTTP):
            response = await actual(self, conn)
        setattr(response, _TEE, tee)
        return response

    return send


def _starting(actual: Any, taps: _Taps) -> Any:
    """`ClientResponse.start`: the head is there, and the body is about to be read."""

    async def start(self: Any, connection: Any) -> Any:
        tee: Tee | None = getattr(self, _TEE, None)
        if tee is None:
            return await actual(self, connection)
        with tee.noting(AIOHTTP):
            await actual(self, connection)
        headers = header_fields(self.raw_headers)
        tee.head(self.status, headers, self.reason or "")
        taps.tap(self.content, tee)
        return self

    return start


class _Taps:
    """Readers with a tee. A reader has no room for attributes, so its class is exchanged and its tee is kept here."""

    def __init__(self, library: ModuleType) -> None:
        self._tees: dict[int, Tee] = {}
        self._plain: Any = library.StreamReader
        self._tapped = self._subclass(library.StreamReader)

    def tap(self, reader: Any, tee: Tee) -> None:
        """Passes on what has arrived, and everything from now on."""
        # `_buffer` is private: a short body has arrived with the head, before anything could be put in its
        # way.
        for chunk in getattr(reader, "_buffer", ()):
            tee.data(chunk)
        if reader.exception() is not None:
            tee.failed(reader.exception(), AIOHTTP)
        # aiohttp gives a reply without a body one shared `EmptyStreamReader`, whose class must never be
        # exchanged.
        elif type(reader) is not self._plain or reader.is_eof():
            tee.end()
        else:
            self._tees[id(reader)] = tee
            # Allowed since both have the same slots; a wrapper would not do, as the parser feeds the reader
            # that it knows.
            reader.__class__ = self._tapped

    def _untap(self, reader: Any) -> Tee | None:
        reader.__class__ = self._plain
        return self._tees.pop(id(reader), None)

    def _subclass(self, base: Any) -> Any:
        taps = self

        def feed_data(self: Any, data: bytes, *args: Any) -> Any:
            if tee := taps._tees.get(id(self)):
                tee.data(data)
            return base.feed_data(self, data, *args)

        def feed_eof(self: Any) -> None:
            if tee := taps._untap(self):
                tee.end()
            base.feed_eof(self)

        def set_exception(self: Any, exc: Any, *args: Any) -> None:
            if tee := taps._untap(self):
                # aiohttp allows a class in place of an exception.
                tee.failed(exc if isinstance(exc, BaseException) else exc(), AIOHTTP)
            base.set_exception(self, exc, *args)

        members = {"feed_data": feed_data, "feed_eof": feed_eof, "set_exception": set_exception}
        return type("RecordedReader", (base,), {"__slots__": (), **members})


async def _asked(req: Any) -> Request:
    headers = tuple((str(name), str(value)) for name, value in req.headers.items())
    return Request(req.method.upper(), str(req.url), headers, await body_of(req))


def _played(library: ModuleType, connector: Any, req: Any, request: Request, reply: Reply) -> Any:
    """A connection whose far end has the reply ready."""
    protocol = connector._factory()
    protocol.connection_made(_Ready(protocol, written_reply(request, reply)))
    return library.connector.Connection(connector, req.connection_key, protocol, asyncio.get_running_loop())


class _Ready(asyncio.Transport):
    """Answers the first write with a whole reply."""

    def __init__(self, protocol: Any, reply: bytes) -> None:
        super().__init__()
        self._protocol = protocol
        self._reply = reply
        self._closing = False
        self._answered = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if not self._answered:
            self._answered = True
            asyncio.get_running_loop().call_soon(self._answer)

    def writelines(self, list_of_data: Any) -> None:
        self.write(b"")

    def _answer(self) -> None:
        self._protocol.data_received(self._reply)

    def is_closing(self) -> bool:
        return self._closing

    def close(self) -> None:
        if not self._closing:
            self._closing = True
            asyncio.get_running_loop().call_soon(self._protocol.connection_lost, None)

    def abort(self) -> None:
        self.close()

    def pause_reading(self) -> None:
        """Nothing to do: the reply is already in memory."""

    def resume_reading(self) -> None:
        """As `pause_reading`."""
