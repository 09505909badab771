"""Errors of hosts that speak Chat Completions and have words of their own for what went wrong: Groq, OpenRouter and xAI.

A dialect has only what was seen of its host; what it has no words for is said as OpenAI says it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from agent_chaos.providers.json_values import JsonObject, compact
from agent_chaos.providers.turn import ErrorKind


@dataclass(frozen=True, slots=True)
class Saying:
    """What a host says of one kind of error; `status` and `code` are those of OpenAI's error where they are left out."""

    message: str
    status: int = 0
    code: str = ""


@dataclass(frozen=True, slots=True)
class Dialect:
    """`told(status, code, message)` is the body of an error; `sayings` are the host's own words by kind."""

    told: Callable[[int, str, str], JsonObject]
    sayings: Mapping[ErrorKind, Saying]


def dialect_of(host: str) -> Dialect | None:
    """How a host tells errors, where it has a way of its own."""
    return _DIALECTS.get(host)


def openrouter_failure(envelope: JsonObject, code: int, message: str) -> JsonObject:
    """The chunk with which OpenRouter ends a stream that failed: an error beside a choice that stops for it. Nothing follows.

    Source: https://openrouter.ai/docs/api-reference/errors, errors during streaming.
    """
    choice = {"index": 0, "delta": {"content": ""}, "finish_reason": "error", "native_finish_reason": "error"}
    return {**envelope, "error": {"code": code, "message": message}, "choices": [choice]}


def _groq(status: int, code: str, message: str) -> JsonObject:
    kind = "tokens" if code == "rate_limit_exceeded" else "invalid_request_error"
    return {"error": {"message": message, "type": kind, "code": code}}


def _openrouter(status: int, code: str, message: str) -> JsonObject:
    """The reason stands in `metadata.raw`, and the message says nothing (vercel/ai#2698, open-webui/computer#293)."""
    raw = compact({"error": {"message": message, "code": code or status}})
    metadata = {"raw": raw, "provider_name": "BaseTen", "is_byok": False}
    error = {"message": "Provider returned error", "code": status, "metadata": metadata}
    return {"error": error, "user_id": "user_2pKx7TtLr0aVbN3kYw5dQmZx81"}


def _xai(status: int, code: str, message: str) -> JsonObject:
    """An `error` that is a text, and no object (openai/codex#1352)."""
    return {"code": code, "error": message}


_GROQ = Dialect(
    _groq,
    {
        "rate_limit": Saying(
            "Rate limit reached for model `{model}` in organization `org_01hrsvc1b8ey0anvbgha0xckf2` service tier `on_demand` "
            "on tokens per minute (TPM): Limit 7000, Used 6120, Requested 12903. Please try again in 50.597s. Visit "
            "https://console.groq.com/docs/rate-limits for more information."
        ),
        "too_large": Saying(
            "Request too large for model `{model}` in organization `org_01hrsvc1b8ey0anvbgha0xckf2` service tier `on_demand` "
            "on tokens per minute (TPM): Limit 6000, Requested 12328, please reduce your message size and try again.",
            code="rate_limit_exceeded",
        ),
    },
)
_OPENROUTER = Dialect(_openrouter, {})
_XAI = Dialect(
    _xai,
    {
        "auth": Saying(
            "Incorrect API key provided: xa***YA. You can obtain an API key from https://console.x.ai.",
            status=400,
            code="Client specified an invalid argument",
        ),
        "quota": Saying(
            "Your team c03b3526-bed4-49ed-8bd7-f20ef8830383 has either used all available credits or reached its monthly "
            "spending limit. To continue making API requests, please purchase more credits or raise your spending limit.",
            code="Some resource has been exhausted",
        ),
    },
)
_DIALECTS = {"api.groq.com": _GROQ, "openrouter.ai": _OPENROUTER, "api.x.ai": _XAI}
