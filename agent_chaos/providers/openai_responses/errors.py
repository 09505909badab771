"""Errors as the OpenAI Responses API sends them: over HTTP, and inside a running stream.

Status, type, code and headers as recorded or quoted in public threads; messages without an account's names.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from agent_chaos.providers.json_values import JsonObject, fields, text_of
from agent_chaos.providers.parts.frames import json_frame
from agent_chaos.providers.turn import ErrorKind
from agent_chaos.stream.exchange import Data, End, Head, Reply, Request

_SEQUENCE = 1_000_000
"""An error cannot know how many events went before it; numbers only ever rise."""

_HEADERS = (
    ("server", "cloudflare"),
    ("openai-version", "2020-10-01"),
    ("x-request-id", "req_7f3c0b8e5d2a4c61b9e0d4a87c15f632"),
    ("openai-processing-ms", "42"),
    ("cf-cache-status", "DYNAMIC"),
    ("strict-transport-security", "max-age=31536000; includeSubDomains; preload"),
    ("x-content-type-options", "nosniff"),
    ("cf-ray", "9a1b2c3d4e5f6071-IAD"),
)


@dataclass(frozen=True, slots=True)
class _Error:
    status: int
    reason: str
    type: str
    code: str | None
    message: str
    param: str | None = None
    headers: tuple[tuple[str, str], ...] = ()


_INVALID = "invalid_request_error"
_ERRORS: dict[ErrorKind, _Error] = {
    "rate_limit": _Error(
        429,
        "Too Many Requests",
        "tokens",
        "rate_limit_exceeded",
        "Rate limit reached for {model} on tokens per min (TPM): Limit 30000000, Used 30000000, Requested 2470. "
        "{again}Visit https://platform.openai.com/account/rate-limits to learn more.",
        headers=(
            ("x-ratelimit-limit-requests", "10000"),
            ("x-ratelimit-limit-tokens", "30000000"),
            ("x-ratelimit-remaining-requests", "9999"),
            ("x-ratelimit-remaining-tokens", "0"),
            ("x-ratelimit-reset-requests", "6ms"),
            ("x-ratelimit-reset-tokens", "1m0.052s"),
        ),
    ),
    "server_error": _Error(
        500,
        "Internal Server Error",
        "server_error",
        "server_error",
        "An error occurred while processing your request. You can retry your request, or contact us through our "
        "help center at help.openai.com if the error persists. Please include the request ID "
        "req_7f3c0b8e5d2a4c61b9e0d4a87c15f632 in your message.",
    ),
    "overloaded": _Error(
        503,
        "Service Unavailable",
        "service_unavailable_error",
        "server_is_overloaded",
        "Our servers are currently overloaded. Please try again later.",
    ),
    "auth": _Error(
        401,
        "Unauthorized",
        _INVALID,
        "invalid_api_key",
        "Incorrect API key provided. You can find your API key at https://platform.openai.com/account/api-keys.",
        headers=(("www-authenticate", 'Bearer realm="OpenAI API"'),),
    ),
    "permission": _Error(
        403,
        "Forbidden",
        _INVALID,
        "model_not_found",
        "Project does not have access to model `{model}`.",
    ),
    # 400, where Chat Completions answer 404: to Responses an unknown model is an invalid parameter.
    "not_found": _Error(
        400,
        "Bad Request",
        _INVALID,
        "model_not_found",
        "The requested model '{model}' does not exist.",
        "model",
    ),
    "context_length": _Error(
        400,
        "Bad Request",
        _INVALID,
        "context_length_exceeded",
        "Your input exceeds the context window of this model. Please adjust your input and try again.",
        "input",
    ),
    "invalid_request": _Error(
        400, "Bad Request", _INVALID, "invalid_value", "Invalid value: 'input[0]'.", "input"
    ),
    "timeout": _Error(408, "Request Timeout", "", None, "upstream request timeout"),
    "quota": _Error(
        429,
        "Too Many Requests",
        "insufficient_quota",
        "insufficient_quota",
        "You exceeded your current quota, please check your plan and billing details. For more information on this "
        "error, read the docs: https://platform.openai.com/docs/guides/error-codes/api-errors.",
    ),
    "payment": _Error(
        402, "Payment Required", "billing_error", "insufficient_credits", "Insufficient credits."
    ),
    "request_timeout": _Error(
        408, "Request Timeout", "server_error", "request_timeout", "Timed out generating response."
    ),
    "conflict": _Error(
        409,
        "Conflict",
        _INVALID,
        "conversation_locked",
        "Another process is currently operating on this conversation. Please retry in a few seconds.",
    ),
    "too_large": _Error(
        413,
        "Payload Too Large",
        "server_error",
        None,
        "Maximum content size limit (26214400) exceeded (26214401 bytes read)",
    ),
    "unprocessable": _Error(
        422,
        "Unprocessable Entity",
        _INVALID,
        "unprocessable_entity",
        "Input should be a valid string.",
        "input",
    ),
}


def error_reply(kind: ErrorKind, like: Request, *, retry_after_s: int | None = None) -> Reply:
    """The HTTP error; `timeout` is what the proxy before the API says, in plain text."""
    error = _ERRORS[kind]
    plain = not error.type
    body = _message(error, like, retry_after_s) if plain else _body(error, like, retry_after_s)
    length = ("content-length", str(len(body.encode())))
    content = ("content-type", "text/plain" if plain else "application/json")
    # A proxy's own answer has none of the API's headers, only that of its server.
    headers = (content, length, *_HEADERS[: 1 if plain else None], *error.headers)
    if retry_after_s is not None:
        # Both, as the API sends them: OpenAI's SDK looks for the milliseconds first
        # (`_parse_retry_after_header` of its base client).
        headers += (("retry-after", str(retry_after_s)), ("retry-after-ms", str(retry_after_s * 1000)))
    return Reply((Head(error.status, headers, reason=error.reason), Data(body.encode()), End()))


def error_frames(kind: ErrorKind) -> bytes:
    """An `error` event, then `response.failed` with the same error."""
    error = _ERRORS[kind]
    message = error.message.format(model="the model", again="")
    # The SDK's `ResponseError` requires a code, which an HTTP error may lack.
    code = error.code or "server_error"
    said = {"type": error.type or "server_error", "code": code, "message": message, "param": error.param}
    first = {"type": "error", "error": said, "sequence_number": _SEQUENCE}
    failed = {
        "type": "response.failed",
        "response": _failed({"code": code, "message": message}),
        "sequence_number": _SEQUENCE + 1,
    }
    return json_frame(first, event="error") + json_frame(failed, event="response.failed")


def _failed(error: JsonObject) -> JsonObject:
    return {
        "id": "resp_0e1c7a5b3d9f42680068c0ffee000081a4b6d8e0f2143658a7",
        "object": "response",
        # Some second of 2026 and ever the same one: a plan must give the same bytes whenever it is tried.
        "created_at": 1767225600,
        "status": "failed",
        "background": False,
        "error": error,
        "incomplete_details": None,
        "model": "",
        "output": [],
        "usage": None,
    }


def _body(error: _Error, like: Request, retry_after_s: int | None) -> str:
    message = _message(error, like, retry_after_s)
    said = {"message": message, "type": error.type, "param": error.param, "code": error.code}
    return json.dumps({"error": said}, ensure_ascii=False, indent=2)


def _message(error: _Error, like: Request, retry_after_s: int | None) -> str:
    again = f"Please try again in {retry_after_s}s. " if retry_after_s is not None else ""
    return error.message.format(model=text_of(fields(like.json).get("model")) or "the model", again=again)
