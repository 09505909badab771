"""httpx and httpx2: the network transports, sync and async, answered from the session of the run that asks.

Only `HTTPTransport` and `AsyncHTTPTransport` are patched: in-process transports (ASGI, WSGI, mocks) stay as they are.
Exceptions are those that real sockets raise on these stacks.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from functools import lru_cache
from types import ModuleType
from typing import Any

from agent_chaos.patch.imports import when_imported
from agent_chaos.patch.transports.failures import HTTPX, HTTPX_ASYNC, RaisedFailure, row_of
from agent_chaos.patch.transports.transfer import (
    Pause,
    Timeouts,
    Transfer,
    TransferAction,
    TransferFailed,
    pause,
)
from agent_chaos.patch.transports.wire import header_fields, octets
from agent_chaos.runtime.active import replaying
from agent_chaos.runtime.seams import Changes, Seam
from agent_chaos.runtime.session import Session
from agent_chaos.stream.exchange import Data, End, Head, Headers, Request


def _error(
    library: ModuleType, table: Sequence[RaisedFailure], failed: TransferFailed, request: Any
) -> Exception:
    row = row_of(table, failed.kind)
    # By name, from the library that asks: httpx and httpx2 have equal classes that are not the same.
    error: Exception = getattr(library, row.name)(failed.message or row.message, request=request)
    return error


def _timeouts(request: Any) -> Timeouts:
    # Where a client keeps its timeouts for its transport, which is what real ones read.
    limits = request.extensions.get("timeout", {})
    return Timeouts(limits.get("connect"), limits.get("read"), limits.get("write"), limits.get("pool"))


def _request(request: Any, body: bytes) -> Request:
    headers = _decoded(tuple(request.headers.raw))
    return Request(request.method.upper(), str(request.url), headers, body)


# The requests and replies of all runs have much the same headers.
_decoded = lru_cache(maxsize=512)(header_fields)


@lru_cache(maxsize=512)
def _encoded(headers: Headers) -> tuple[tuple[bytes, bytes], ...]:
    return tuple((octets(name), octets(value)) for name, value in headers)


def _response(library: ModuleType, head: Head, stream: Any) -> Any:
    extensions = {"http_version": b"HTTP/1.1", "reason_phrase": octets(head.reason)}
    return library.Response(
        head.status, headers=list(_encoded(head.headers)), stream=stream, extensions=extensions
    )


class _SyncBody:
    def __init__(self, play: Iterator[bytes], transfer: Transfer) -> None:
        self._play = play
        self._transfer = transfer

    def __iter__(self) -> Iterator[bytes]:
        return self._play

    def close(self) -> None:
        self._transfer.note("closed")


class _AsyncBody:
    def __init__(self, play: AsyncIterator[bytes], transfer: Transfer) -> None:
        self._play = play
        self._transfer = transfer

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._play

    async def aclose(self) -> None:
        self._transfer.note("closed")


class _Shell:
    """One library's patched methods."""

    def __init__(self, library: ModuleType) -> None:
        self.library = library
        self.name = library.__name__
        self.real_sync = library.HTTPTransport.handle_request
        self.real_async = library.AsyncHTTPTransport.handle_async_request

        # Made at run time: the bases are another library's, one of two (httpx, httpx2), which may be absent, and its clients
        # assert that a stream is of the kind they are.
        self.sync_body = type("ReplayedBody", (_SyncBody, library.SyncByteStream), {})
        self.async_body = type("ReplayedBody", (_AsyncBody, library.AsyncByteStream), {})

    def answer_sync(self, session: Session, request: Any) -> Any:
        # Read first: a body may be a generator of the agent's, which is to run before anything is answered.
        answered = session.answers_http(_request(request, request.read()), self.name)
        transfer = Transfer(session, answered, _timeouts(request))
        steps = transfer.steps()
        with transfer.awaited():
            head = self._head_sync(session, transfer, steps, request)
        return _response(
            self.library, head, self.sync_body(self._body_sync(session, transfer, steps, request), transfer)
        )

    def _head_sync(
        self, session: Session, transfer: Transfer, steps: Iterator[TransferAction], request: Any
    ) -> Head:
        for step in steps:
            if isinstance(step, Pause):
                pause(session, step)
            elif isinstance(step, TransferFailed):
                raise _error(self.library, HTTPX, step, request)
            elif isinstance(step, Head):
                return step
        raise AssertionError("a reply has a head or an abort")

    def _body_sync(
        self, session: Session, transfer: Transfer, steps: Iterator[TransferAction], request: Any
    ) -> Iterator[bytes]:
        for step in steps:
            if isinstance(step, Pause):
                pause(session, step)
            elif isinstance(step, TransferFailed):
                raise _error(self.library, HTTPX, step, request)
            elif isinstance(step, Data):
                yield step.data
            elif isinstance(step, End):
                return

    async def answer_async(self, session: Session, request: Any) -> Any:
        answered = session.answers_http(_request(request, await request.aread()), self.name)
        transfer = Transfer(session, answered, _timeouts(request))
        steps = transfer.steps()
        with transfer.awaited():
            # A real request never returns without giving other tasks a turn. Agents that start several at
            # once would otherwise ask in an order in which no network lets them.
            await asyncio.sleep(0)
            head = await self._head_async(session, transfer, steps, request)
        body = self._body_async(session, transfer, steps, request)
        return _response(self.library, head, self.async_body(body, transfer))

    async def _head_async(
        self, session: Session, transfer: Transfer, steps: Iterator[TransferAction], request: Any
    ) -> Head:
        for step in steps:
            if isinstance(step, Pause):
                await _pause_async(session, step)
            elif isinstance(step, TransferFailed):
                raise _error(self.library, HTTPX_ASYNC, step, request)
            elif isinstance(step, Head):
                return step
        raise AssertionError("a reply has a head or an abort")

    async def _body_async(
        self, session: Session, transfer: Transfer, steps: Iterator[TransferAction], request: Any
    ) -> AsyncIterator[bytes]:
        for step in steps:
            if isinstance(step, Pause):
                await _pause_async(session, step)
            elif isinstance(step, TransferFailed):
                raise _error(self.library, HTTPX_ASYNC, step, request)
            elif isinstance(step, Data):
                yield step.data
            elif isinstance(step, End):
                return


async def _pause_async(session: Session, step: Pause) -> None:
    # asyncio's own sleep, on the loop whose clock is the run's: cancelling the task ends it as it ends a
    # read.
    seconds = step.until - session.clock.now()
    if seconds > 0:
        await asyncio.sleep(seconds)


_PATCHED = "__agent_chaos_patched__"


def _patch(library: ModuleType) -> None:
    # The class, not the client: SDKs bring clients and transports of their own, all of them below end here.
    if hasattr(library.HTTPTransport, _PATCHED):  # a reload of the package keeps its classes
        return
    setattr(library.HTTPTransport, _PATCHED, True)
    shell = _Shell(library)

    def handle_request(self: Any, request: Any) -> Any:
        session = replaying()
        return shell.real_sync(self, request) if session is None else shell.answer_sync(session, request)

    async def handle_async_request(self: Any, request: Any) -> Any:
        session = replaying()
        if session is None:
            return await shell.real_async(self, request)
        return await shell.answer_async(session, request)

    library.HTTPTransport.handle_request = handle_request
    library.AsyncHTTPTransport.handle_async_request = handle_async_request


def _apply(changes: Changes) -> None:
    for name in ("httpx2", "httpx"):
        when_imported(name, _patch)


SEAM = Seam(
    "httpx",
    _apply,
    needs=tuple(
        f"{library}:{name}"
        for library in ("httpx2", "httpx")
        for name in ("HTTPTransport.handle_request", "AsyncHTTPTransport.handle_async_request")
    ),
)
