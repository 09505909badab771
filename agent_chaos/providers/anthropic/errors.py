"""Errors of the Messages API as it sends them: status, headers, body, and the event inside a running stream.

Sources: recorded replies (529, 503, 429, 401, 404, the in-band error), public issues (the ordinary 429 and 500), and
https://platform.claude.com/docs/en/api/errors for the rest.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from agent_chaos.providers.json_values import compact, fields, text_of
from agent_chaos.providers.parts.frames import whole_reply
from agent_chaos.providers.turn import ErrorKind
from agent_chaos.stream.exchange import Headers, Reply, Request
from agent_chaos.stream.framing.sse import SSE

REQUEST_ID = "req_011CSHoEeqs5C35K2UUqR7Fy"


@dataclass(frozen=True, slots=True)
class _Form:
    """One error: status and reason phrase, its type and message, and what `x-should-retry` says."""

    status: int
    reason: str
    type: str
    message: str
    retry: bool


_FORMS: dict[ErrorKind, _Form] = {
    "rate_limit": _Form(
        429,
        "Too Many Requests",
        "rate_limit_error",
        "This request would exceed your organization's rate limit of 200,000 input tokens per minute. For details, "
        "refer to: https://docs.claude.com/en/api/rate-limits. You can see the response headers for current usage. "
        "Please reduce the prompt length or the maximum tokens requested, or try again later.",
        True,
    ),
    "server_error": _Form(500, "Internal Server Error", "api_error", "Internal server error", True),
    # No reason phrase: 529 is the provider's own status, which no registry names.
    "overloaded": _Form(529, "", "overloaded_error", "Overloaded", True),
    "auth": _Form(401, "Unauthorized", "authentication_error", "invalid x-api-key", False),
    "permission": _Form(
        403,
        "Forbidden",
        "permission_error",
        "Your API key does not have permission to use the specified resource.",
        False,
    ),
    "not_found": _Form(404, "Not Found", "not_found_error", "model: {model}", False),
    "context_length": _Form(
        400,
        "Bad Request",
        "invalid_request_error",
        "prompt is too long: 213462 tokens > 200000 maximum",
        False,
    ),
    "invalid_request": _Form(
        400,
        "Bad Request",
        "invalid_request_error",
        "messages: text content blocks must be non-empty",
        False,
    ),
    "timeout": _Form(504, "Gateway Timeout", "timeout_error", "Request timed out", True),
    # 400, not 429 or 402: Anthropic answers an empty balance as an invalid request, which no SDK retries.
    "quota": _Form(
        400,
        "Bad Request",
        "invalid_request_error",
        "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or "
        "purchase credits.",
        False,
    ),
    "payment": _Form(
        402,
        "Payment Required",
        "billing_error",
        "There is an issue with your organization's billing or payment information.",
        False,
    ),
    "request_timeout": _Form(408, "Request Timeout", "timeout_error", "Request timed out", True),
    "conflict": _Form(
        409,
        "Conflict",
        "conflict_error",
        "The request conflicts with the current state of the resource. Please try again.",
        True,
    ),
    "too_large": _Form(
        413,
        "Payload Too Large",
        "request_too_large",
        "Request exceeds the maximum allowed number of bytes.",
        False,
    ),
    "unprocessable": _Form(
        422,
        "Unprocessable Entity",
        "invalid_request_error",
        "The request body could not be processed.",
        False,
    ),
}


def error_reply(kind: ErrorKind, like: Request, retry_after_s: int | None) -> Reply:
    """The HTTP error for a request."""
    form = _FORMS[kind]
    message = form.message.replace("{model}", text_of(fields(like.json).get("model")))
    request_id = _request_id(like)
    error = {"type": "error", "error": {"type": form.type, "message": message}, "request_id": request_id}
    body = compact(error).encode()
    told = (("retry-after", str(retry_after_s)),) if retry_after_s is not None else ()
    limits = _LIMITS if kind == "rate_limit" else ()
    headers = (
        ("content-type", "application/json"),
        ("content-length", str(len(body))),
        ("cache-control", "no-store, no-cache"),
        # The SDK obeys this header before it looks at the status (`_should_retry` of its base client).
        ("x-should-retry", "true" if form.retry else "false"),
        *limits,
        *told,
        ("request-id", request_id),
        ("server", "cloudflare"),
        ("x-robots-tag", "none"),
    )
    return whole_reply(form.status, form.reason, headers, body)


def error_frames(kind: ErrorKind) -> bytes:
    """The event that ends a running stream; nothing follows it."""
    form = _FORMS[kind]
    error = {"details": None, "type": form.type, "message": form.message.replace("{model}", "")}
    payload = {"type": "error", "error": error, "request_id": REQUEST_ID}
    return SSE.frame(compact(payload), event="error")


def _request_id(request: Request) -> str:
    """An id as the provider would mint it, always the same for the same request."""
    digest = hashlib.sha256(request.url.encode() + request.body).hexdigest()
    return "req_011C" + digest[:20]


_RESET = "2025-06-02T15:14:45Z"
_LIMITS: Headers = (
    ("anthropic-ratelimit-requests-limit", "4000"),
    ("anthropic-ratelimit-requests-remaining", "3999"),
    ("anthropic-ratelimit-requests-reset", _RESET),
    ("anthropic-ratelimit-input-tokens-limit", "200000"),
    ("anthropic-ratelimit-input-tokens-remaining", "0"),
    ("anthropic-ratelimit-input-tokens-reset", "2025-06-02T15:15:48Z"),
    ("anthropic-ratelimit-output-tokens-limit", "80000"),
    ("anthropic-ratelimit-output-tokens-remaining", "80000"),
    ("anthropic-ratelimit-output-tokens-reset", _RESET),
    ("anthropic-ratelimit-tokens-limit", "280000"),
    ("anthropic-ratelimit-tokens-remaining", "80000"),
    ("anthropic-ratelimit-tokens-reset", _RESET),
)
