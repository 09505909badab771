"""The provider fails, and may not the next time: a family of errors that differ in values only."""

from __future__ import annotations

from typing import ClassVar, Literal

from agent_chaos.faults.family import RATE_LIMIT, SERVER, Frequency
from agent_chaos.faults.parts.provider_error import ProviderError
from agent_chaos.providers.turn import ErrorKind


class ServerError(ProviderError, frozen=True):
    """500 with the provider's own error body.

    Source: the providers' pages on errors (Anthropic: Errors; OpenAI: Error codes; Gemini: Troubleshooting); Anthropic
    and OpenAI retry it, genai does not.
    """

    family = SERVER
    frequency = Frequency.EVERYDAY
    transparent = True
    error: ClassVar[ErrorKind] = "server_error"
    words = "server error (500)"

    kind: Literal["server_error"] = "server_error"


class Overloaded(ProviderError, frozen=True):
    """529 (Anthropic) or 503 (OpenAI, Gemini), with the provider's own body.

    Source: Anthropic's docs, Errors (overloaded_error).
    """

    family = SERVER
    frequency = Frequency.EVERYDAY
    transparent = True
    error: ClassVar[ErrorKind] = "overloaded"
    words = "provider overloaded (529 or 503)"

    kind: Literal["overloaded"] = "overloaded"


class GatewayTimeout(ProviderError, frozen=True):
    """504 (OpenAI: 408 in plain text), as the provider sends it.

    Source: Gemini's docs, Troubleshooting guide (DEADLINE_EXCEEDED); recorded Azure 408s.
    """

    family = SERVER
    frequency = Frequency.SOMETIMES
    transparent = True
    error: ClassVar[ErrorKind] = "timeout"
    words = "the provider timed out (504, OpenAI 408)"

    kind: Literal["gateway_timeout"] = "gateway_timeout"


class RequestTimeout(ProviderError, frozen=True):
    """408: the provider gave up on the request.

    Source: RFC 9110 section 15.5.9; Anthropic and OpenAI retry it, genai only if it was told to.
    """

    family = SERVER
    frequency = Frequency.RARE
    transparent = True
    error: ClassVar[ErrorKind] = "request_timeout"
    words = "request timeout (408)"

    kind: Literal["request_timeout"] = "request_timeout"


class Conflict(ProviderError, frozen=True):
    """409: something else holds a lock.

    Source: RFC 9110 section 15.5.10; Anthropic and OpenAI retry it, genai never.
    """

    family = SERVER
    frequency = Frequency.RARE
    transparent = True
    error: ClassVar[ErrorKind] = "conflict"
    words = "conflict (409)"

    kind: Literal["conflict"] = "conflict"


class RateLimitPlain(ProviderError, frozen=True):
    """429 without `retry-after`: the client's own back-off decides.

    Source: RFC 6585 section 4 (`Retry-After` is optional); recorded OpenAI and Gemini 429s.
    """

    family = RATE_LIMIT
    frequency = Frequency.EVERYDAY
    transparent = True
    error: ClassVar[ErrorKind] = "rate_limit"
    words = "rate limit (429) without retry-after"

    kind: Literal["rate_limit_plain"] = "rate_limit_plain"
