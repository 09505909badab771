"""Errors as Mistral sends them: one flat object, with a code of its own, and where its gateway answers, a `detail`.

Sources: raycast/extensions#31107 (429), continuedev/continue#6185 and BerriAI/litellm#25078 (capacity, 503),
cline/cline#6235 (401), editor-code-assistant/eca#231 (422), onyx-dot-app/onyx#6458 (400); the rest is worded alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from agent_chaos.providers.json_values import compact, fields, text_of
from agent_chaos.providers.parts.frames import json_frame, whole_reply
from agent_chaos.providers.turn import ErrorKind
from agent_chaos.stream.exchange import Reply, Request


@dataclass(frozen=True, slots=True)
class _Form:
    """One error: its status, and the message, type and code of its object; a message alone is the gateway's."""

    status: int
    message: Any
    type: str = ""
    code: str | None = None


_CAPACITY = "Service tier capacity exceeded for this model."
_UNKNOWN_FIELD = {
    "type": "extra_forbidden",
    "loc": ["body", "store"],
    "msg": "Extra inputs are not permitted",
    "input": False,
}
_FORMS: dict[ErrorKind, _Form] = {
    "rate_limit": _Form(429, "Rate limit exceeded", "rate_limited", "1300"),
    "server_error": _Form(500, "Internal server error", "internal_server_error", "1000"),
    "overloaded": _Form(503, _CAPACITY, "service_tier_capacity_exceeded", "3505"),
    "auth": _Form(401, "Unauthorized"),
    "permission": _Form(403, "You do not have access to the model {model}.", "forbidden", "1700"),
    "not_found": _Form(400, "Invalid model: {model}", "invalid_model", "1500"),
    "context_length": _Form(
        400,
        "Prompt contains 213462 tokens and 0 draft tokens, too large for model with 131072 maximum context length",
        "invalid_request_prompt",
        "3051",
    ),
    "invalid_request": _Form(
        400, "Unexpected role 'user' after role 'tool'", "invalid_request_message_order", "3230"
    ),
    "timeout": _Form(504, "upstream request timeout"),
    "quota": _Form(429, "Monthly usage limit reached", "rate_limited", "1300"),
    "payment": _Form(402, "You have no credits left.", "payment_required", "1600"),
    "request_timeout": _Form(408, "Request timeout"),
    "conflict": _Form(409, "Conflict"),
    "too_large": _Form(413, "Request body too large"),
    "unprocessable": _Form(422, {"detail": [_UNKNOWN_FIELD]}, "invalid_request_error"),
}


def error_reply(kind: ErrorKind, like: Request, retry_after_s: int | None) -> Reply:
    """The HTTP error for a request."""
    form = _FORMS[kind]
    body = compact(_told(form, text_of(fields(like.json).get("model")) or "the model")).encode()
    headers = (("content-type", "application/json"), ("content-length", str(len(body))))
    waits = (("retry-after", str(retry_after_s)),) if retry_after_s is not None else ()
    return whole_reply(form.status, HTTPStatus(form.status).phrase, (*headers, *waits), body)


def error_frames(kind: ErrorKind) -> bytes:
    """The event that ends a running stream."""
    form = _FORMS[kind]
    # What only the gateway says cannot come inside of a stream that the API has begun.
    return json_frame(_told(form if form.type else _FORMS["server_error"], "the model"))


def _told(form: _Form, model: str) -> dict[str, Any]:
    message = form.message.replace("{model}", model) if isinstance(form.message, str) else form.message
    if not form.type:
        return {"detail": message}
    told = {"object": "error", "message": message, "type": form.type, "param": None, "code": form.code}
    return {**told, "raw_status_code": form.status}
