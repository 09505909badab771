"""Errors as the Gemini API sends them, on AI Studio and on Vertex AI.

No request id and no `retry-after`: the delay stands in the body (`google.rpc.RetryInfo`). An error in place of an event
stream, and one inside it, is bare JSON: indented, without `data:`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from agent_chaos.providers.gemini.prompt import model_and_verb
from agent_chaos.providers.json_values import JsonObject
from agent_chaos.providers.turn import ErrorKind
from agent_chaos.stream.exchange import Data, End, Head, Headers, Reply, Request

_HEADERS: Headers = (
    ("vary", "Origin"),
    ("vary", "X-Origin"),
    ("vary", "Referer"),
    ("server", "scaffolding on HTTPServer2"),
    ("x-xss-protection", "0"),
    ("x-frame-options", "SAMEORIGIN"),
    ("x-content-type-options", "nosniff"),
    ("server-timing", "gfet4t7; dur=48"),
    ("alt-svc", 'h3=":443"; ma=2592000,h3-29=":443"; ma=2592000'),
)
_TYPE = "type.googleapis.com/google.rpc."


@dataclass(frozen=True, slots=True)
class _Error:
    code: int
    reason: str
    status: str
    message: str
    details: tuple[JsonObject, ...] = ()
    headers: Headers = ()


_ERRORS: dict[ErrorKind, _Error] = {
    "rate_limit": _Error(
        429, "Too Many Requests", "RESOURCE_EXHAUSTED", "Resource has been exhausted (e.g. check quota)."
    ),
    "server_error": _Error(
        500,
        "Internal Server Error",
        "INTERNAL",
        "An internal error has occurred. Please retry or report in "
        "https://developers.generativeai.google/guide/troubleshooting",
    ),
    "overloaded": _Error(
        503, "Service Unavailable", "UNAVAILABLE", "The model is overloaded. Please try again later."
    ),
    # 400 on AI Studio, where a bad key is an invalid argument; Vertex AI says 401 (`_NO_CREDENTIALS`).
    "auth": _Error(
        400,
        "Bad Request",
        "INVALID_ARGUMENT",
        "API key not valid. Please pass a valid API key.",
        (
            {
                "@type": f"{_TYPE}ErrorInfo",
                "reason": "API_KEY_INVALID",
                "domain": "googleapis.com",
                "metadata": {"service": "generativelanguage.googleapis.com"},
            },
            {
                "@type": f"{_TYPE}LocalizedMessage",
                "locale": "en-US",
                "message": "API key not valid. Please pass a valid API key.",
            },
        ),
    ),
    "permission": _Error(
        403, "Forbidden", "PERMISSION_DENIED", "The caller does not have permission to use {model}."
    ),
    "not_found": _Error(
        404,
        "Not Found",
        "NOT_FOUND",
        "models/{model} is not found for API version v1beta, or is not supported for generateContent. Call "
        "ListModels to see the list of available models and their supported methods.",
    ),
    "context_length": _Error(
        400,
        "Bad Request",
        "INVALID_ARGUMENT",
        "The input token count (1250074) exceeds the maximum number of tokens allowed (1048576).",
    ),
    "invalid_request": _Error(
        400, "Bad Request", "INVALID_ARGUMENT", "Please use a valid role: user, model."
    ),
    "timeout": _Error(
        504,
        "Gateway Timeout",
        "DEADLINE_EXCEEDED",
        "The request timed out. Please try again.",
    ),
    "quota": _Error(
        429,
        "Too Many Requests",
        "RESOURCE_EXHAUSTED",
        "You exceeded your current quota, please check your plan and billing details. For more information on this "
        "error, head to: https://ai.google.dev/gemini-api/docs/rate-limits. \n* Quota exceeded for metric: "
        "generativelanguage.googleapis.com/generate_content_free_tier_requests, limit: 250, model: {model}\n"
        "Please retry in 47.88s.",
        (
            {
                "@type": f"{_TYPE}QuotaFailure",
                "violations": [
                    {
                        "quotaMetric": "generativelanguage.googleapis.com/generate_content_free_tier_requests",
                        "quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier",
                        "quotaDimensions": {"location": "global", "model": "{model}"},
                        "quotaValue": "250",
                    }
                ],
            },
            {"@type": f"{_TYPE}RetryInfo", "retryDelay": "47s"},
        ),
    ),
    "payment": _Error(
        400,
        "Bad Request",
        "FAILED_PRECONDITION",
        "Gemini API free tier is not available in your country. Please enable billing on your project in Google AI "
        "Studio.",
    ),
    "request_timeout": _Error(408, "Request Timeout", "DEADLINE_EXCEEDED", "The request timed out."),
    "conflict": _Error(
        409,
        "Conflict",
        "ABORTED",
        "The operation was aborted, typically due to a concurrency issue such as a sequencer check failure or "
        "transaction abort.",
    ),
    "too_large": _Error(
        400,
        "Bad Request",
        "INVALID_ARGUMENT",
        "Request payload size exceeds the limit: 20971520 bytes.",
    ),
    "unprocessable": _Error(
        422, "Unprocessable Entity", "INVALID_ARGUMENT", "The request could not be processed."
    ),
}
_QUOTA = _Error(
    429,
    "Too Many Requests",
    "RESOURCE_EXHAUSTED",
    "You exceeded your current quota, please check your plan and billing details. For more information on this error, "
    "head to: https://ai.google.dev/gemini-api/docs/rate-limits. To monitor your current usage, head to: "
    "https://ai.dev/rate-limit. \n* Quota exceeded for metric: generativelanguage.googleapis.com/"
    "generate_content_paid_tier_input_token_count, limit: 1000000, model: {model}\nPlease retry in {delay}s.",
    (
        {
            "@type": f"{_TYPE}Help",
            "links": [
                {
                    "description": "Learn more about Gemini API quotas",
                    "url": "https://ai.google.dev/gemini-api/docs/rate-limits",
                }
            ],
        },
        {
            "@type": f"{_TYPE}QuotaFailure",
            "violations": [
                {
                    "quotaMetric": "generativelanguage.googleapis.com/generate_content_paid_tier_input_token_count",
                    "quotaId": "GenerateContentPaidTierInputTokensPerModelPerMinute",
                    "quotaDimensions": {"location": "global", "model": "{model}"},
                    "quotaValue": "1000000",
                }
            ],
        },
    ),
)
_NO_CREDENTIALS = _Error(
    401,
    "Unauthorized",
    "UNAUTHENTICATED",
    "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid "
    "authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.",
    headers=(("www-authenticate", 'Bearer realm="https://accounts.google.com/"'),),
)


def error_reply(kind: ErrorKind, like: Request, *, retry_after_s: int | None = None) -> Reply:
    """The HTTP error; in the framing that the request asked its stream in."""
    model, verb = model_and_verb(like)
    # Only Vertex AI's paths name a project.
    error = _spoken(kind, vertex="/projects/" in like.path, delay=retry_after_s)
    said: Any = _body(error, model or "the model", retry_after_s)
    # Without `alt=sse` the stream is a JSON array, and so is its error.
    sse = verb == "streamGenerateContent" and ("alt", "sse") in like.query
    said = [said] if verb == "streamGenerateContent" and not sse else said
    content = "text/event-stream" if sse else "application/json; charset=UTF-8"
    head = Head(error.code, (*_HEADERS, ("content-type", content), *error.headers), reason=error.reason)
    return Reply((head, Data(_bare(said)), End()))


def error_frames(kind: ErrorKind) -> bytes:
    """The error as it stands in a running stream: bare JSON (vercel/ai#5217)."""
    return _bare(_body(_ERRORS[kind], "the model", None))


def _spoken(kind: ErrorKind, *, vertex: bool, delay: int | None) -> _Error:
    # The short message comes without a delay; where one is told, the quota that was used up is told with
    # it.
    if kind == "rate_limit" and delay is not None:
        return _QUOTA
    return _NO_CREDENTIALS if kind == "auth" and vertex else _ERRORS[kind]


def _body(error: _Error, model: str, delay: int | None) -> JsonObject:
    message = error.message.format(model=model, delay=delay)
    details: list[JsonObject] = [_about(one, model) for one in error.details]
    details += [{"@type": f"{_TYPE}RetryInfo", "retryDelay": f"{delay}s"}] if delay is not None else []
    said: JsonObject = {"code": error.code, "message": message, "status": error.status}
    return {"error": {**said, **({"details": details} if details else {})}}


def _about(detail: Any, model: str) -> Any:
    """A detail with the model's name in it."""
    if isinstance(detail, dict):
        return {name: _about(one, model) for name, one in detail.items()}
    if isinstance(detail, list):
        return [_about(one, model) for one in detail]
    return model if detail == "{model}" else detail


def _bare(said: Any) -> bytes:
    # Indented, as Google's servers write errors: a client that reads a stream line by line meets `{` alone.
    return (json.dumps(said, ensure_ascii=False, indent=2) + "\n").encode()
