"""Drives an agent that lives behind an ASGI service (FastAPI, Starlette), in process: no server, no socket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

Message = dict[str, Any]
App = Callable[
    [Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]
]


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

    The agent raises what the app raises, and ServiceError where the app turned it into a status of 500 or more.
    """

    async def agent(ctx: Any, turn_input: str) -> Any:
        reply = await _exchange(app, method, path, headers or {}, _encoded(body(turn_input)))
        if reply.status >= 500:
            raise ServiceError(f"{method} {path} answered {reply.status}: {reply.text[:500]}")
        return answer(reply)

    return agent


def _encoded(value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    return value.encode() if isinstance(value, str) else json.dumps(value).encode()


def _scope(method: str, path: str, headers: dict[str, str], size: int) -> Message:
    plain, _, query = path.partition("?")
    fields = {"host": "testserver", "content-type": "application/json", "content-length": str(size)}
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
        "state": {},
    }


async def _exchange(app: App, method: str, path: str, headers: dict[str, str], body: bytes) -> ServiceReply:
    reply, asked, finished = ServiceReply(), [False], asyncio.Event()

    async def receive() -> Message:
        if not asked[0]:
            asked[0] = True
            return {"type": "http.request", "body": body, "more_body": False}
        await finished.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            reply.status = message["status"]
            reply.headers = {k.decode().lower(): v.decode("latin-1") for k, v in message.get("headers", ())}
        elif message["type"] == "http.response.body":
            reply.body += message.get("body", b"")
            if not message.get("more_body", False):
                finished.set()

    await app(_scope(method, path, headers, len(body)), receive, send)
    return reply
