"""Errors as Ollama sends them: a status and `{"error": "…"}`, and the same object as a line of a running stream.

Words from https://github.com/ollama/ollama/blob/main/server/routes.go and server/sched.go, and from ollama.com for its
cloud models; proxies before it answer what the server has no error for.
"""

from __future__ import annotations

from agent_chaos.providers.json_values import compact, fields, text_of
from agent_chaos.providers.parts.frames import json_frame, whole_reply
from agent_chaos.providers.turn import ErrorKind
from agent_chaos.stream.exchange import Reply, Request
from agent_chaos.stream.framing.json_lines import JSON_LINES

_FORMS: dict[ErrorKind, tuple[int, str, str]] = {
    "rate_limit": (429, "Too Many Requests", "too many concurrent requests"),
    "server_error": (
        500,
        "Internal Server Error",
        "model runner has unexpectedly stopped, this may be due to "
        "resource limitations or an internal error, check ollama server logs for details",
    ),
    "overloaded": (
        503,
        "Service Unavailable",
        "server busy, please try again.  maximum pending requests exceeded",
    ),
    "auth": (401, "Unauthorized", "unauthorized"),
    "permission": (
        403,
        "Forbidden",
        "this model requires a subscription, upgrade for access: https://ollama.com/upgrade",
    ),
    "not_found": (404, "Not Found", "model '{model}' not found"),
    "context_length": (400, "Bad Request", "the input length exceeds the context length"),
    "invalid_request": (400, "Bad Request", "{model} does not support tools"),
    "timeout": (504, "Gateway Timeout", "upstream request timeout"),
    "quota": (429, "Too Many Requests", "you've reached your hourly usage limit, please upgrade to continue"),
    "payment": (402, "Payment Required", "you have no usage left on your plan"),
    "request_timeout": (408, "Request Timeout", "request timeout"),
    "conflict": (409, "Conflict", "the model is being replaced"),
    "too_large": (413, "Request Entity Too Large", "http: request body too large"),
    "unprocessable": (422, "Unprocessable Entity", "invalid message content"),
}


def error_reply(kind: ErrorKind, like: Request, retry_after_s: int | None) -> Reply:
    """The HTTP error for a request; the server itself never says how long to wait."""
    status, reason, _ = _FORMS[kind]
    body = compact(_told(kind, text_of(fields(like.json).get("model")) or "the model")).encode()
    headers = (("content-type", "application/json; charset=utf-8"), ("content-length", str(len(body))))
    # Its clients have no retries of their own; a proxy before it may say so all the same, and the agent may
    # read it.
    waits = (("retry-after", str(retry_after_s)),) if retry_after_s is not None else ()
    return whole_reply(status, reason, (*headers, *waits), body)


def error_frames(kind: ErrorKind) -> bytes:
    """The line that ends a running stream."""
    return json_frame(_told(kind, "the model"), framing=JSON_LINES)


def _told(kind: ErrorKind, model: str) -> dict[str, str]:
    return {"error": _FORMS[kind][2].replace("{model}", model)}
