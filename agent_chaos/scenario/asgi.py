"""Drives an agent that lives behind an ASGI service (FastAPI, Starlette), in process: no server, no socket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from agent_chaos.containment import Contained

AsgiMessage = dict[str, Any]
App = Callable[
    [AsgiMessage, Callable[[], Awaitable[AsgiMessage]], Callable[[AsgiMessage], Awaitable[None]]],
    Awaitable[None],
]


_Running = WeakKeyDictionary[asyncio.AbstractEventLoop, tuple[AsgiMessage, "asyncio.Task[None]"]]


class ServiceError(Exception):
    """The service answered with a status of 500 or more, which hides an exception."""


@dataclass(slots=True)
class ServiceReply:
    """What the service sent: status, header fields (lower-case names) and body."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", errors="replace")

    def json(self) -> Any:
        """The body as JSON. Raises ValueError where it is not."""
        return json.loads(self.body)


def asgi_agent(
    app: App,
    path: str,
    body: Callable[[str], Any],
    answer: Callable[[ServiceReply], Any],
    *,
    method: str = "POST",
    headers: dict[str, str] | None = None,
) -> Callable[[Any, str], Awaitable[Any]]:
    """An agent that posts each turn to an ASGI app and reads the answer from its reply.

    Args:
        path: where to post, with a query string if wanted.
        body: turn input to a JSON value, text or bytes.
        answer: the reply to what the user would read.

    The app's lifespan starts with every run, before its first turn, and is cancelled when the run ends. The agent
    raises what the app raises, and ServiceError where the app turned it into a status of 500 or more.
    """

    # By loop, which lives as long as its run: nothing of a lifespan is left for the next run, and nobody has
    # to end it.
    running: _Running = WeakKeyDictionary()

    async def agent(ctx: Any, turn_input: str) -> Any:
        state = await _started(app, running)
        # Once a turn: what `body` makes may hold an id or a time of its own, and its length stands in a header.
        sent = _encoded(body(turn_input))
        reply = await _exchange(app, _scope(method, path, headers or {}, sent, state), sent)
        if reply.status >= 500:
            raise ServiceError(f"{method} {path} answered {reply.status}: {reply.text[:500]}")
        return answer(reply)

    return agent


def _encoded(value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    return value.encode() if isinstance(value, str) else json.dumps(value).encode()


async def _started(app: App, running: _Running) -> AsgiMessage:
    """The state of the app's lifespan, started once a run, which has one loop. Raises ServiceError if it cannot start."""
    loop = asyncio.get_running_loop()
    if loop not in running:
        state: AsgiMessage = {}
        up: asyncio.Future[str] = loop.create_future()
        running[loop] = (state, loop.create_task(_lifespan(app, state, up)))
        if failed := await up:
            raise ServiceError(f"the app does not start: {failed}")
    # A copy for each request, as the specification of lifespan state asks of servers.
    return dict(running[loop][0])


async def _lifespan(app: App, state: AsgiMessage, up: asyncio.Future[str]) -> None:
    # A list, so that `receive` can change it: an app asks twice, for its start and for its end.
    asked = [False]

    async def receive() -> AsgiMessage:
        if asked[0]:
            await asyncio.get_running_loop().create_future()  # until the run's loop cancels it
        asked[0] = True
        return {"type": "lifespan.startup"}

    async def send(message: AsgiMessage) -> None:
        # Once only: an app may go on sending, and a future cannot be told twice.
        if not up.done() and message["type"].startswith("lifespan.startup"):
            failed = message["type"] == "lifespan.startup.failed"
            up.set_result(str(message.get("message") or "it says so") if failed else "")

    scope: AsgiMessage = {
        "type": "lifespan",
        "asgi": {"version": "3.0", "spec_version": "2.0"},
        "state": state,
    }
    try:
        # The specification lets an app without a lifespan raise whatever it likes, and has its server go on:
        # https://asgi.readthedocs.io/en/latest/specs/lifespan.html#scope
        with Contained():
            await app(scope, receive, send)
    finally:
        # An app without a lifespan returns or raises before it said anything; it counts as started.
        if not up.done():
            up.set_result("")


def _scope(method: str, path: str, headers: dict[str, str], body: bytes, state: AsgiMessage) -> AsgiMessage:
    plain, _, query = path.partition("?")
    fields = {"host": "testserver", "content-type": "application/json", "content-length": str(len(body))}
    # Last, so that a scenario can say another host or content type.
    fields.update({name.lower(): value for name, value in headers.items()})
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": plain,
        "raw_path": plain.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in fields.items()],
        "client": ("127.0.0.1", 50_000),
        "server": ("testserver", 80),
        "state": state,
    }


async def _exchange(app: App, scope: AsgiMessage, body: bytes) -> ServiceReply:
    reply, asked, finished = ServiceReply(), [False], asyncio.Event()

    async def receive() -> AsgiMessage:
        if not asked[0]:
            asked[0] = True
            return {"type": "http.request", "body": body, "more_body": False}
        # Starlette listens for a disconnect while it streams a reply; one that came at once would make it
        # stop.
        await finished.wait()
        return {"type": "http.disconnect"}

    async def send(message: AsgiMessage) -> None:
        if message["type"] == "http.response.start":
            reply.status = message["status"]
            reply.headers = {k.decode().lower(): v.decode("latin-1") for k, v in message.get("headers", ())}
        elif message["type"] == "http.response.body":
            reply.body += message.get("body", b"")
            if not message.get("more_body", False):
                finished.set()

    await app(scope, receive, send)
    return reply
