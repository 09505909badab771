"""Errors of Chat Completions as OpenAI, Azure and the hosts of `dialects` send them: status, headers, body, and the chunk
inside a stream.

Sources: recorded replies (429, 500, 401, 404, 400, Azure's 429 and 408, the in-band error) and public issues (the
ordinary 429); the 503 is as OpenAI's error guide words it.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any

from agent_chaos.providers.chat_completions.prompt import AZURE
from agent_chaos.providers.json_values import compact, fields, text_of
from agent_chaos.providers.openai_chat.dialects import Dialect, Saying, dialect_of, openrouter_failure
from agent_chaos.providers.parts.frames import whole_reply
from agent_chaos.providers.turn import ErrorKind, ModelTurn
from agent_chaos.stream.exchange import Headers, Reply, Request
from agent_chaos.stream.framing.sse import SSE


@dataclass(frozen=True, slots=True)
class _Form:
    """One error: status and reason phrase, and the fields of its error object."""

    status: int
    reason: str
    type: str
    code: str | None
    message: str
    param: str | None = None


_FORMS: dict[ErrorKind, _Form] = {
    "rate_limit": _Form(
        429,
        "Too Many Requests",
        "tokens",
        "rate_limit_exceeded",
        "Rate limit reached for {model} on tokens per min (TPM): Limit 30000000, Used 30000000, Requested 247009. "
        "Visit https://platform.openai.com/account/rate-limits to learn more.",
    ),
    "server_error": _Form(
        500,
        "Internal Server Error",
        "server_error",
        None,
        "The server had an error processing your request. Sorry about that! You can retry your request, or contact "
        "us through our help center at help.openai.com if you keep seeing this error.",
    ),
    "overloaded": _Form(
        503,
        "Service Unavailable",
        "server_error",
        None,
        "The engine is currently overloaded, please try again later",
    ),
    "auth": _Form(
        401,
        "Unauthorized",
        "invalid_request_error",
        "invalid_api_key",
        "Incorrect API key provided. You can find your API key at https://platform.openai.com/account/api-keys.",
    ),
    "permission": _Form(
        403,
        "Forbidden",
        "invalid_request_error",
        "model_not_found",
        "Project does not have access to model `{model}`",
    ),
    "not_found": _Form(
        404,
        "Not Found",
        "invalid_request_error",
        "model_not_found",
        "The model `{model}` does not exist or you do not have access to it.",
    ),
    "context_length": _Form(
        400,
        "Bad Request",
        "invalid_request_error",
        "context_length_exceeded",
        "This model's maximum context length is 128000 tokens. However, your messages resulted in 213462 tokens. "
        "Please reduce the length of the messages.",
        "messages",
    ),
    "invalid_request": _Form(
        400,
        "Bad Request",
        "invalid_request_error",
        None,
        "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'.",
        "messages.[3].role",
    ),
    "timeout": _Form(408, "Request Timeout", "", None, "upstream request timeout"),
    "quota": _Form(
        429,
        "Too Many Requests",
        "insufficient_quota",
        "insufficient_quota",
        "You exceeded your current quota, please check your plan and billing details. For more information on this "
        "error, read the docs: https://platform.openai.com/docs/guides/error-codes/api-errors.",
    ),
    "payment": _Form(
        402, "Payment Required", "unknown_error", "invalid_request_error", "Insufficient Balance"
    ),
    "request_timeout": _Form(
        408,
        "Request Timeout",
        "internal_error",
        "request_timeout",
        "Timed out generating response. Please try again with a shorter prompt or with `max_tokens` set to a lower "
        "value.",
    ),
    "conflict": _Form(
        409,
        "Conflict",
        "invalid_request_error",
        "conflict",
        "The resource was updated by another request. Please try again.",
    ),
    "too_large": _Form(
        413,
        "Payload Too Large",
        "server_error",
        None,
        "Maximum content size limit (26214400) exceeded (26214401 bytes read)",
    ),
    "unprocessable": _Form(
        422,
        "Unprocessable Entity",
        "invalid_request_error",
        None,
        "Input should be a valid string",
        "messages",
    ),
}
_IN_BAND = "The server had an error while processing your request. Sorry about that!"


def error_reply(kind: ErrorKind, like: Request, retry_after_s: int | None) -> Reply:
    """The HTTP error for a request."""
    form = _FORMS[kind]
    azure = AZURE.search(like.path)
    model = text_of(fields(like.json).get("model")) or (azure[1] if azure else "")
    # A proxy's error before the API: plain text, which the SDK cannot read an error object from.
    if not form.type:
        return _answered(form, "text/plain", form.message.encode(), _plain(like, azure=bool(azure)))
    if azure and kind == "rate_limit":
        return _azure_limit(model, form, like, retry_after_s)
    if (dialect := dialect_of(like.host)) is not None:
        return _in_dialect(dialect, kind, model, retry_after_s)
    # Indented, with a line end, as OpenAI's own error bodies are; its other bodies are compact.
    body = json.dumps({"error": _error(form, form.message.replace("{model}", model))}, indent=4) + "\n"
    limits = _LIMITS if kind == "rate_limit" else ()
    extra = (*_plain(like, azure=bool(azure)), *limits, *_delay(retry_after_s))
    return _answered(form, "application/json; charset=utf-8", body.encode(), extra)


def error_frames(kind: ErrorKind, turn: ModelTurn) -> bytes:
    """The chunk that reports an error inside a stream, then `[DONE]`, which the provider still sends.

    `turn` is what the stream said: chunks that name their `provider` are OpenRouter's, which reports errors in its own way.
    """
    form = _FORMS[kind]
    if "provider" in turn.extra:
        said = {name: turn.extra[name] for name in ("object", "created", "provider") if name in turn.extra}
        envelope = {"id": turn.id, "model": turn.model, **said}
        told = form.message.replace("{model}", turn.model)
        return SSE.frame(compact(openrouter_failure(envelope, form.status, told)))
    # The one error that was seen inside a recorded stream; others are worded as over HTTP.
    known = kind in ("server_error", "timeout")
    told = _IN_BAND if known else form.message.replace("{model}", "this model")
    error = {**_error(form, told), "type": "server_error" if known else form.type}
    return SSE.frame(compact({"error": error})) + SSE.frame("[DONE]")


def _error(form: _Form, message: str) -> dict[str, Any]:
    return {"message": message, "type": form.type, "param": form.param, "code": form.code}


def _in_dialect(dialect: Dialect, kind: ErrorKind, model: str, retry_after_s: int | None) -> Reply:
    form = _FORMS[kind]
    saying = dialect.sayings.get(kind, Saying(form.message))
    status, code = saying.status or form.status, saying.code or form.code or form.type
    body = compact(dialect.told(status, code, saying.message.replace("{model}", model))).encode()
    waits = () if retry_after_s is None else (("retry-after", str(retry_after_s)),)
    said = replace(form, status=status, reason=HTTPStatus(status).phrase)
    return _answered(said, "application/json", body, waits)


def _azure_limit(model: str, form: _Form, like: Request, retry_after_s: int | None) -> Reply:
    told = f"Your requests to {model} for {model} in westeurope have exceeded rate limit."
    error = {"code": "RateLimitReached", "message": told, "details": told}
    waits = () if retry_after_s is None else (("retry-after", str(retry_after_s)),)
    body = compact({"error": error}).encode()
    return _answered(form, "application/json; charset=utf-8", body, (*_plain(like, azure=True), *waits))


def _delay(retry_after_s: int | None) -> Headers:
    if retry_after_s is None:
        return ()
    # The SDK looks at `retry-after-ms` first, since it is more precise (`_parse_retry_after_header` of its
    # base client).
    return (("retry-after", str(retry_after_s)), ("retry-after-ms", str(retry_after_s * 1000)))


def _answered(form: _Form, kind: str, body: bytes, extra: Headers) -> Reply:
    headers = (("content-type", kind), ("content-length", str(len(body))), *extra)
    return whole_reply(form.status, form.reason, headers, body)


def _plain(like: Request, *, azure: bool) -> Headers:
    digest = hashlib.sha256(like.url.encode() + like.body).hexdigest()
    if azure:
        shaped = "-".join((digest[:8], digest[8:12], digest[12:16], digest[16:20], digest[20:32]))
        # Azure's gateway has names of its own; clients there log this one.
        return (("apim-request-id", shaped), ("x-content-type-options", "nosniff"))
    return (
        ("vary", "Origin"),
        ("x-request-id", f"req_{digest[:32]}"),
        ("x-content-type-options", "nosniff"),
        ("server", "cloudflare"),
    )


_LIMITS: Headers = (
    ("x-ratelimit-limit-requests", "10000"),
    ("x-ratelimit-limit-tokens", "30000000"),
    ("x-ratelimit-remaining-requests", "9999"),
    ("x-ratelimit-remaining-tokens", "0"),
    ("x-ratelimit-reset-requests", "6ms"),
    ("x-ratelimit-reset-tokens", "1m0.052s"),
)
