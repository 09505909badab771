"""Errors as Cohere sends them: a status and `{"id": …, "message": …}`, and within a stream the last event with an `error`.

Statuses from https://docs.cohere.com/reference/errors, words from what its servers were seen to say
(cohere-ai/cohere-python#525, langgenius/dify#2506); the rest is worded alike.
"""

from __future__ import annotations

from http import HTTPStatus

from agent_chaos.providers.cohere.stop_reasons import FAILED
from agent_chaos.providers.json_values import compact, fields, text_of
from agent_chaos.providers.parts.frames import json_frame, whole_reply
from agent_chaos.providers.turn import ErrorKind
from agent_chaos.stream.exchange import Reply, Request

_ID = "5c2e1f0a-7d1b-4d0e-9c56-2a4f3b8e6d17"
_TRIAL = "You have reached the usage limit of your Trial key, which is 1000 API calls / month."
_FORMS: dict[ErrorKind, tuple[int, str]] = {
    "rate_limit": (
        429,
        "Please wait and try again later. You are past the per minute request limit of this key.",
    ),
    "server_error": (500, "internal server error, this has been reported to our developers."),
    "overloaded": (503, "the model is currently overloaded, please try again later"),
    "auth": (401, "invalid api token"),
    "permission": (403, "your api key does not have access to {model}"),
    "not_found": (404, "model '{model}' not found, make sure the correct model ID was used"),
    "context_length": (
        400,
        "too many tokens: total number of tokens in the prompt cannot exceed 128000 - received 131420.",
    ),
    "invalid_request": (400, "invalid request: all elements in messages must have a role."),
    "timeout": (504, "the request timed out"),
    "quota": (429, _TRIAL),
    "payment": (402, "Please add or update your payment method at https://dashboard.cohere.com/billing"),
    "request_timeout": (408, "request timeout"),
    "conflict": (409, "the request conflicts with another one"),
    "too_large": (413, "request body too large"),
    "unprocessable": (422, "invalid type: parameter messages is of type string but should be of type list."),
}


def error_reply(kind: ErrorKind, like: Request, retry_after_s: int | None) -> Reply:
    """The HTTP error for a request."""
    status, said = _FORMS[kind]
    model = text_of(fields(like.json).get("model")) or "the model"
    body = compact({"id": _ID, "message": said.replace("{model}", model)}).encode()
    headers = (("content-type", "application/json"), ("content-length", str(len(body))))
    waits = (("retry-after", str(retry_after_s)),) if retry_after_s is not None else ()
    return whole_reply(status, HTTPStatus(status).phrase, (*headers, *waits), body)


def error_frames(kind: ErrorKind) -> bytes:
    """The event that ends a running stream."""
    said = _FORMS[kind][1].replace("{model}", "the model")
    event = {"type": "message-end", "delta": {"error": said, "finish_reason": FAILED}}
    return json_frame(event, event="message-end")
