"""Which header fields hold a credential, by their names."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from agent_chaos.cassette.redaction.names import ABOUT, is_secret_field, words

_OF_HEADERS: Final = frozenset(
    [
        "token",
        "session",
        "refresh",
        "cookie",
        "signature",
        "organization",
        "organisation",
        "workspace",
        "project",
        "auth",
        "authenticate",
    ]
)
_PUBLIC_HEADERS: Final = frozenset({"www-authenticate", "proxy-authenticate", "refresh"})
_COOKIES: Final = frozenset({"cookie", "set-cookie", "set-cookie2"})
_PLAIN_REQUEST_FIELDS: Final = frozenset(
    [
        "accept",
        "accept-encoding",
        "accept-language",
        "anthropic-beta",
        "anthropic-dangerous-direct-browser-access",
        "anthropic-version",
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "date",
        "expect",
        "host",
        "idempotency-key",
        "openai-beta",
        "te",
        "transfer-encoding",
        "user-agent",
        "x-goog-api-client",
        "x-request-id",
        "x-server-timeout",
    ]
)


@lru_cache(maxsize=1024)
def is_cookie(name: str) -> bool:
    return name.lower() in _COOKIES


@lru_cache(maxsize=1024)
def is_secret_header(name: str) -> bool:
    """Whether a header field holds a credential or names an organisation, project or workspace."""
    lower = name.lower()
    if lower in _COOKIES:
        return True
    if lower in _PUBLIC_HEADERS or lower.startswith("access-control-"):
        return False
    found = words(lower)
    return is_secret_field(lower) or (bool(found & _OF_HEADERS) and not found & ABOUT)


@lru_cache(maxsize=1024)
def is_plain_request_header(name: str) -> bool:
    """Whether a request's header field is one that is known to hold no secret; all others are redacted."""
    lower = name.lower()
    # `x-stainless-…` is how anthropic's and openai's SDKs tell their version, platform and retry count.
    return lower in _PLAIN_REQUEST_FIELDS or (
        lower.startswith("x-stainless-") and not is_secret_header(lower)
    )
