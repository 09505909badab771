"""The provider fails, and may not the next time: a family of errors that differ in values only."""

from __future__ import annotations

from typing import ClassVar, Literal

from agent_chaos.faults.parts.provider_error import ProviderError
from agent_chaos.providers.protocol import ErrorKind

_FAMILY = "server"


class ServerError(ProviderError, frozen=True):
    """500 with the provider's own error body. Source: H500; Anthropic and OpenAI retry it, genai does not."""

    family = _FAMILY
    transparent = True
    error: ClassVar[ErrorKind] = "server_error"
    words = "server error (500)"

    kind: Literal["server_error"] = "server_error"


class Overloaded(ProviderError, frozen=True):
    """529 (Anthropic) or 503 (OpenAI, Gemini), with the provider's own body. Source: H529, H503g; two recorded 529s in agent loops."""

    family = _FAMILY
    transparent = True
    error: ClassVar[ErrorKind] = "overloaded"
    words = "provider overloaded (529 or 503)"

    kind: Literal["overloaded"] = "overloaded"


class GatewayTimeout(ProviderError, frozen=True):
    """504 (OpenAI: 408 in plain text), as the provider sends it. Source: H504g, H408; recorded Azure 408s."""

    family = _FAMILY
    transparent = True
    error: ClassVar[ErrorKind] = "timeout"
    words = "the provider timed out (504, OpenAI 408)"

    kind: Literal["gateway_timeout"] = "gateway_timeout"


class RequestTimeout(ProviderError, frozen=True):
    """408: the provider gave up on the request. Source: H408; Anthropic and OpenAI retry it, genai only if it was told to."""

    family = _FAMILY
    transparent = True
    error: ClassVar[ErrorKind] = "request_timeout"
    words = "request timeout (408)"

    kind: Literal["request_timeout"] = "request_timeout"


class Conflict(ProviderError, frozen=True):
    """409: something else holds a lock. Source: H409; Anthropic and OpenAI retry it, genai never."""

    family = _FAMILY
    transparent = True
    error: ClassVar[ErrorKind] = "conflict"
    words = "conflict (409)"

    kind: Literal["conflict"] = "conflict"


class RateLimitPlain(ProviderError, frozen=True):
    """429 without `retry-after`: the client's own back-off decides. Source: H429n; recorded OpenAI and Gemini 429s."""

    family = "rate_limit"
    transparent = True
    error: ClassVar[ErrorKind] = "rate_limit"
    words = "rate limit (429) without retry-after"

    kind: Literal["rate_limit_plain"] = "rate_limit_plain"
