"""Servers of the Model Context Protocol: heard while a run is recorded, and not needed to replay it.

Whatever a client asks besides its tools (the handshake, what tools, prompts and resources there are) is kept with the run,
and answered from it. A recording without such answers, and a run that is online, reach the servers themselves.
"""

from __future__ import annotations

import functools
import math
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from hashlib import blake2b
from types import ModuleType
from typing import Any

from pydantic import TypeAdapter

from agent_chaos.cassette.model import SERVER_SAID, ToolEnd
from agent_chaos.patch.frameworks.seam import TOOLS_CALL
from agent_chaos.patch.imports import replace_everywhere, when_imported
from agent_chaos.providers.json_values import JsonObject
from agent_chaos.runtime.active import current
from agent_chaos.runtime.answer import ToolScribe
from agent_chaos.runtime.session import Session

MODULE = "mcp.client.stdio"

_NO_SUCH_METHOD = -32601


def patch(module: ModuleType) -> None:
    """Puts the recording between clients and their transports, wherever those have been imported to."""
    _between(module, "stdio_client")
    for name, put in _OTHERS:
        when_imported(name, put)


def _between(module: ModuleType, name: str) -> None:
    real = vars(module).get(name)
    if real is None:
        return
    # Version 1 of the library has this older name, too, and its clients by HTTP yield a third value: a
    # function that gives the session's id.
    yields_id = "streamablehttp_client" in vars(module)
    ours = _transport(real, yields_id=yields_id)
    setattr(module, name, ours)
    replace_everywhere(real, ours)


_OTHERS = tuple(
    (module, functools.partial(_between, name=name))
    for module, name in (
        ("mcp.client.sse", "sse_client"),
        ("mcp.client.streamable_http", "streamable_http_client"),
        ("mcp.client.streamable_http", "streamablehttp_client"),
    )
)


def _transport(real: Callable[..., Any], *, yields_id: bool) -> Callable[..., Any]:
    """A transport like `real`, which yields the streams to read from and to write to, and maybe more."""

    @functools.wraps(real)
    @asynccontextmanager
    async def connected(*args: Any, **kwargs: Any) -> AsyncIterator[Any]:
        session, server = current(), _named(args, kwargs)
        if session is None or session.finished or session.online:
            async with real(*args, **kwargs) as streams:
                yield streams
        # In a replay the server is not started: a recording that has its answers needs none.
        elif session.server_descriptions:
            async with _recording(session, server) as (read, write):
                more = (lambda: None,) if yields_id else ()
                yield (read, write, *more)
        else:
            async with real(*args, **kwargs) as (read, write, *more):
                heard = _Heard(server, session)
                yield (_Read(read, heard), _Write(write, heard), *more)

    return connected


def _named(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> str:
    """A short name of a server, which tells nothing of its address."""
    address = next(iter(args), None) or kwargs.get("server") or kwargs.get("url") or ""
    parts = [getattr(address, "command", address), *getattr(address, "args", ())]
    # A digest, since a command line or a URL may hold a key; it has to tell servers apart, and nothing else.
    return blake2b(" ".join(map(str, parts)).encode(), digest_size=4).hexdigest()


@asynccontextmanager
async def _recording(session: Session, server: str) -> AsyncIterator[tuple[Any, Any]]:
    """The streams to a server that says what was kept of it."""
    import anyio

    # Without a bound: anyio's default of 0 lets a writer wait until somebody reads, and a client may write
    # all of its questions before it reads an answer.
    answer, read = anyio.create_memory_object_stream[Any](math.inf)
    write, asked = anyio.create_memory_object_stream[Any](math.inf)

    async def serve() -> None:
        async for message in asked:
            said = _json(message)
            if "method" in said and "id" in said:
                reply = {"jsonrpc": "2.0", "id": said["id"], **_kept(session, server, said)}
                await answer.send(type(message)(_message(reply)))

    async with anyio.create_task_group() as tasks, answer, read, write, asked:
        tasks.start_soon(serve)
        try:
            yield read, write
        finally:
            # The server's side waits for messages for ever; the client is gone.
            tasks.cancel_scope.cancel()


def _kept(session: Session, server: str, said: JsonObject) -> JsonObject:
    """The result or error that was kept of a request, from the same server to the same question where there is one."""
    name, asked = f"{SERVER_SAID}{said['method']}", {"server": server, "params": _params(said)}
    # By method first: after a fault an agent may ask a server something it never asked while it was
    # recorded.
    found = [(arguments, result) for known, arguments, result in session.server_descriptions if known == name]

    def likeness(one: tuple[Any, Any]) -> tuple[bool, bool]:
        return one[0].get("params") == asked["params"], one[0].get("server") == server

    if found:
        # The question counts before the server, whose name changes with a port or a folder.
        answer: JsonObject = max(found, key=likeness)[1]
        return answer
    return {"error": {"code": _NO_SUCH_METHOD, "message": f"agent-chaos: {said['method']} was not recorded"}}


class _Heard:
    """Listens to a connection, and keeps what was asked and answered."""

    def __init__(self, server: str, session: Session) -> None:
        self._server = server
        self._session = session
        self._asked: dict[Any, tuple[str, JsonObject, float]] = {}

    def asks(self, message: Any) -> None:
        said = _json(message)
        if "id" in said and said.get("method") not in (None, TOOLS_CALL):
            self._asked[said["id"]] = (said["method"], _params(said), self._session.clock.now())

    def answers(self, message: Any) -> None:
        said = _json(message)
        scribe: ToolScribe | None = self._session.scribe
        if "method" in said or said.get("id") not in self._asked or scribe is None:
            return
        method, params, at = self._asked.pop(said["id"])
        answer = {name: said[name] for name in ("result", "error") if name in said}
        asked = {"server": self._server, "params": params}
        scribe.tool_called(f"{SERVER_SAID}{method}", asked, at=at, end=ToolEnd(answer), pure=True)


class _Stream:
    """A stream of messages, heard on its way."""

    def __init__(self, inner: Any, heard: _Heard) -> None:
        self._inner = inner
        self._heard = heard

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def __aenter__(self) -> Any:
        await self._inner.__aenter__()
        return self

    async def __aexit__(self, *raised: Any) -> Any:
        return await self._inner.__aexit__(*raised)


class _Read(_Stream):
    async def receive(self) -> Any:
        message = await self._inner.receive()
        self._heard.answers(message)
        return message

    def __aiter__(self) -> Any:
        return self

    async def __anext__(self) -> Any:
        message = await self._inner.__anext__()
        self._heard.answers(message)
        return message


class _Write(_Stream):
    async def send(self, message: Any) -> None:
        self._heard.asks(message)
        await self._inner.send(message)


def _json(message: Any) -> JsonObject:
    """A message as JSON; empty for what is none, an exception of the transport."""
    inner = getattr(message, "message", None)
    said = inner.model_dump(mode="json", by_alias=True, exclude_none=True) if inner is not None else {}
    return said if isinstance(said, dict) else {}


def _params(said: JsonObject) -> JsonObject:
    return dict(_without_meta(said.get("params") or {}))


def _without_meta(params: JsonObject) -> Iterator[tuple[str, Any]]:
    # `_meta` holds the token for reports of progress, which differs from call to call.
    return ((name, value) for name, value in params.items() if name != "_meta")


@functools.cache
def _adapter() -> TypeAdapter[Any]:
    from mcp import types

    return TypeAdapter(types.JSONRPCMessage)


def _message(said: JsonObject) -> Any:
    return _adapter().validate_python(said)
