"""Tees for httpx and httpx2: the network transports, sync and async. Chunks pass on as they arrive."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from types import ModuleType
from typing import Any

from agent_chaos.patch.recording.capture import Capture
from agent_chaos.patch.recording.tee import Tee
from agent_chaos.patch.recording.unseen_traffic import known_library
from agent_chaos.patch.transports.failures import HTTPX
from agent_chaos.patch.transports.wire import header_fields, octets
from agent_chaos.stream.exchange import Reply, Request


def httpx_patches(library: ModuleType, recorder: Capture) -> list[tuple[Any, str, Any]]:
    """What to patch in httpx or httpx2, as (class, attribute, replacement)."""
    shell = _Shell(library, recorder)

    def handle_request(self: Any, request: Any) -> Any:
        return shell.sync(self, request)

    async def handle_async_request(self: Any, request: Any) -> Any:
        return await shell.aio(self, request)

    return [
        (library.HTTPTransport, "handle_request", handle_request),
        (library.AsyncHTTPTransport, "handle_async_request", handle_async_request),
    ]


class _SyncTee:
    def __init__(self, stream: Any, tee: Tee) -> None:
        self._stream = stream
        self._tee = tee

    def __iter__(self) -> Iterator[bytes]:
        with self._tee.noting(HTTPX):
            for chunk in self._stream:
                self._tee.data(chunk)
                # Where the client reads no further, `GeneratorExit` is raised here: no transfer's error, so
                # it is noted as the client's closing.
                yield chunk
        self._tee.end()

    def close(self) -> None:
        self._tee.closed()
        self._stream.close()


class _AsyncTee:
    def __init__(self, stream: Any, tee: Tee) -> None:
        self._stream = stream
        self._tee = tee

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with self._tee.noting(HTTPX):
            async for chunk in self._stream:
                self._tee.data(chunk)
                yield chunk
        self._tee.end()

    async def aclose(self) -> None:
        self._tee.closed()
        await self._stream.aclose()


class _Shell:
    """One library's recorded transports."""

    def __init__(self, library: ModuleType, recorder: Capture) -> None:
        self._library = library
        self._recorder = recorder
        real_sync = library.HTTPTransport.handle_request
        real_async = library.AsyncHTTPTransport.handle_async_request

        def handle_request(transport: Any, request: Any) -> Any:
            with known_library():
                return real_sync(transport, request)

        async def handle_async_request(transport: Any, request: Any) -> Any:
            with known_library():
                return await real_async(transport, request)

        self._real_sync = handle_request
        self._real_async = handle_async_request
        self._sync_tee = type("RecordedBody", (_SyncTee, library.SyncByteStream), {})
        self._async_tee = type("RecordedBody", (_AsyncTee, library.AsyncByteStream), {})

    def sync(self, transport: Any, request: Any) -> Any:
        asked = self._asked(request, request.read())
        if not self._recorder.hears(asked):
            return self._real_sync(transport, request)
        if (played := self._recorder.played(asked)) is not None:
            return self._response(played)
        tee = self._sent(request, asked)
        with tee.noting(HTTPX):
            response = self._real_sync(transport, request)
        self._head(tee, response)
        # On the response, which has its stream by now: `httpx.Response` reads it lazily, so that chunks
        # pass as they come.
        response.stream = self._sync_tee(response.stream, tee)
        return response

    async def aio(self, transport: Any, request: Any) -> Any:
        asked = self._asked(request, await request.aread())
        if not self._recorder.hears(asked):
            return await self._real_async(transport, request)
        if (played := self._recorder.played(asked)) is not None:
            return self._response(played)
        tee = self._sent(request, asked)
        with tee.noting(HTTPX):
            response = await self._real_async(transport, request)
        self._head(tee, response)
        response.stream = self._async_tee(response.stream, tee)
        return response

    def _asked(self, request: Any, body: bytes) -> Request:
        headers = header_fields(request.headers.raw)
        return Request(request.method.upper(), str(request.url), headers, body)

    def _sent(self, request: Any, asked: Request) -> Tee:
        """A tee for the request, which is told to ask for an uncompressed reply."""
        if self._recorder.wants_plain(asked):
            # What is recorded is then what the model wrote: chunk boundaries inside of a gzip stream say
            # nothing of the tokens.
            request.headers["accept-encoding"] = "identity"
        return self._recorder.tee(self._asked(request, request.content), self._library.__name__)

    def _head(self, tee: Tee, response: Any) -> None:
        headers = header_fields(response.headers.raw)
        reason = response.extensions.get("reason_phrase", b"").decode("latin-1")
        tee.head(response.status_code, headers, reason)

    def _response(self, reply: Reply) -> Any:
        assert reply.head is not None, "broken exchanges are not answers"
        extensions = {"http_version": b"HTTP/1.1", "reason_phrase": octets(reply.head.reason)}
        return self._library.Response(
            reply.status,
            headers=[(octets(name), octets(value)) for name, value in reply.headers],
            stream=self._library.ByteStream(reply.body),
            extensions=extensions,
        )
