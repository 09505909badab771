"""A host whose protocol is not known: HTTP and no more. It is no member of the registry; what has no protocol speaks this."""

from __future__ import annotations

import json
from collections.abc import Iterable

from agent_chaos.providers.protocol import Deltas, WireProtocol
from agent_chaos.providers.rules import PriorExchange, Problem
from agent_chaos.providers.turn import ErrorKind, ModelTurn, Prompt
from agent_chaos.stream.exchange import Reply, Request, reply

_STATUS: dict[ErrorKind, int] = {
    "rate_limit": 429,
    "server_error": 500,
    "overloaded": 503,
    "auth": 401,
    "permission": 403,
    "not_found": 404,
    "context_length": 400,
    "invalid_request": 400,
    "timeout": 504,
    "quota": 429,
    "payment": 402,
    "request_timeout": 408,
    "conflict": 409,
    "too_large": 413,
    "unprocessable": 422,
}


class _PlainHttp(WireProtocol):
    """Nothing of a model is read from its bodies; errors are a status and a JSON object that names it."""

    name = ""
    vendor = ""
    carries = frozenset({"retry_after"})
    framings = ()

    def recognise(self, request: Request) -> bool:
        return False

    def streaming(self, request: Request) -> bool:
        return False

    def read_prompt(self, request: Request) -> Prompt:
        return Prompt(model="", system="", messages=(), tools=(), stream=False)

    def request(self, asked: Prompt) -> Request:
        return Request("GET", "http://localhost/")

    def read(self, reply: Reply) -> ModelTurn:
        return ModelTurn(complete=reply.ended)

    def render(self, turn: ModelTurn, like: Reply) -> Reply:
        return like

    def ids(self, reply: Reply) -> tuple[str, ...]:
        return ()

    def read_deltas(self, reply: Reply) -> Deltas:
        return ()

    def cut_in_part(self, reply: Reply, part: int, chars: int) -> Reply:
        return reply

    def error_reply(self, kind: ErrorKind, like: Request, *, retry_after_s: int | None = None) -> Reply:
        status = _STATUS[kind]
        headers = [("content-type", "application/json")]
        if retry_after_s is not None:
            headers.append(("retry-after", str(retry_after_s)))
        body = {"error": {"code": status, "message": kind.replace("_", " ")}}
        return reply(status, headers, [json.dumps(body).encode()])

    def error_frames(self, kind: ErrorKind, like: Reply) -> bytes:
        return b""

    def problems(self, request: Request, served: PriorExchange) -> Iterable[Problem]:
        return ()


PLAIN = _PlainHttp()
