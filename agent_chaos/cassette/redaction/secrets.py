"""What counts as a secret: names of header fields and parameters, shapes of provider keys, forms of a known value.

Every pattern runs in linear time, whatever the text.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import quote, quote_plus

from agent_chaos.stream.exchange import Request

REDACTED: Final = "REDACTED"
MIN_LENGTH: Final = 12
"""Shorter values are words as often as secrets; they are left alone."""

_VARIABLE = re.compile(r"(?:KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS?)(?:_ID|_\d{1,3})?$", re.IGNORECASE)
_PARAMETERS = frozenset(
    [
        "key",
        "api_key",
        "api-key",
        "apikey",
        "access_token",
        "refresh_token",
        "id_token",
        "token",
        "sig",
        "signature",
        "secret",
        "client_secret",
        "password",
        "x-amz-signature",
        "x-amz-credential",
        "x-amz-security-token",
        "x-goog-signature",
        "x-goog-credential",
    ]
)
_PLAIN_REQUEST_FIELDS = frozenset(
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
_SECRET_FIELDS = frozenset(
    [
        "authorization",
        "proxy-authorization",
        "x-api-key",
        "api-key",
        "x-goog-api-key",
        "authentication",
        "openai-project",
        "x-goog-user-project",
        "x-amz-security-token",
        "anthropic-workspace-id",
        "anthropic-project-id",
    ]
)
_SECRET_PARTS = (
    "organization",
    "organisation",
    "-secret",
    "-token",
    "api-key",
    "apikey",
    "credential",
    "workspace",
    "-project",
)
_NOT_SECRET_PARTS = ("ratelimit", "max-token")
_COOKIES = frozenset({"cookie", "set-cookie", "set-cookie2"})
_CREDENTIAL_HOSTS = frozenset(
    {
        "oauth2.googleapis.com",
        "sts.googleapis.com",
        "accounts.google.com",
        "iamcredentials.googleapis.com",
        "metadata.google.internal",
        "login.microsoftonline.com",
        "auth.openai.com",
        "auth0.openai.com",
        "169.254.169.254",
        "169.254.170.2",
    }
)
_CREDENTIAL_PATHS = ("/oauth/token", "/oauth2/token", "/oauth2/v2.0/token", "/oauth2/v4/token")
_STS = re.compile(r"(?:^|\.)sts(?:\.[a-z0-9-]{1,30})?\.amazonaws\.com$")

_START = rb"(?:(?<![A-Za-z0-9_-])|(?<=\\[nrt])|(?<=%[0-9A-Fa-f]{2}))"
_SHAPES: tuple[tuple[bytes, re.Pattern[bytes]], ...] = tuple(
    (hint, re.compile(pattern))
    for hint, pattern in (
        (b"sk-", rb"sk-(?:ant|proj|svcacct|admin|or|lf|None)-[A-Za-z0-9_-]{16,}|sk-[A-Za-z0-9]{32,}"),
        (b"sk-", _START + rb"sk-(?=[A-Za-z0-9_-]{0,200}[0-9])[A-Za-z0-9_-]{20,}"),
        (b"AIza", rb"AIza[A-Za-z0-9_-]{30,}"),
        (b"ya29.", rb"ya29\.[A-Za-z0-9_-]{20,}"),
        (b"gh", rb"gh[pousr]_[A-Za-z0-9]{30,}"),
        (b"github_pat_", rb"github_pat_[A-Za-z0-9_]{30,}"),
        (b"IA", rb"(?:AKIA|ASIA)[A-Z0-9]{16}"),
        (b"xox", rb"xox[abeoprs]-[A-Za-z0-9-]{10,}"),
        (b"hf_", rb"hf_[A-Za-z0-9]{30,}"),
        (b"gsk_", rb"gsk_[A-Za-z0-9]{30,}"),
        (b"pplx-", rb"pplx-[A-Za-z0-9]{30,}"),
        (b"xai-", rb"xai-[A-Za-z0-9]{30,}"),
        (b"tvly-", rb"tvly-[A-Za-z0-9-]{20,}"),
        (b"org-", _START + rb"org-[A-Za-z0-9]{20,}"),
        (b"proj_", _START + rb"proj_[A-Za-z0-9]{20,}"),
        (b"eyJ", _START + rb"eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}"),
        (
            b"PRIVATE KEY",
            rb"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[^-]{1,20000}(?:-----END [A-Z ]{0,30}KEY-----)?",
        ),
    )
)


def is_secret_variable(name: str) -> bool:
    """Whether an environment variable of this name holds a secret."""
    return _VARIABLE.search(name) is not None


def is_secret_parameter(name: str) -> bool:
    """Whether a query parameter of this name holds a secret."""
    return name.lower() in _PARAMETERS


def is_cookie(name: str) -> bool:
    return name.lower() in _COOKIES


def is_secret_header(name: str) -> bool:
    """Whether a header field holds a credential or names an organisation, project or workspace."""
    lower = name.lower()
    if lower in _SECRET_FIELDS or lower in _COOKIES:
        return True
    return any(part in lower for part in _SECRET_PARTS) and not any(
        part in lower for part in _NOT_SECRET_PARTS
    )


def is_plain_request_header(name: str) -> bool:
    """Whether a request's header field is one that is known to hold no secret; all others are redacted."""
    lower = name.lower()
    return lower in _PLAIN_REQUEST_FIELDS or (
        lower.startswith("x-stainless-") and not is_secret_header(lower)
    )


def is_credential_exchange(request: Request) -> bool:
    """Whether a request fetches credentials (OAuth, instance metadata); such exchanges are never kept."""
    return (
        request.host in _CREDENTIAL_HOSTS
        or request.path.endswith(_CREDENTIAL_PATHS)
        or _STS.search(request.host) is not None
        or (b"grant_type=" in request.body and "form-urlencoded" in request.header("content-type"))
    )


def shaped(data: bytes) -> Iterator[tuple[int, int]]:
    """Where keys of known shape lie in some bytes, as start and end."""
    for hint, pattern in _SHAPES:
        if hint in data:
            for match in pattern.finditer(data):
                yield match.span()


def forms(secret: str) -> tuple[bytes, ...]:
    """A secret as it may appear: plain, JSON-escaped, in a URL, hexadecimal, in base64 at each of three alignments."""
    raw = secret.encode("utf-8", "surrogatepass")
    texts = [secret, json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]]
    texts.append(texts[1].replace("/", "\\/"))
    if secret.isascii():
        texts += [quote(secret, safe=""), quote(secret), quote_plus(secret)]
    found = [text.encode("utf-8", "surrogatepass") for text in texts]
    found += [raw.hex().encode(), raw.hex().upper().encode()]
    for shift in range(3):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            encoded = encode(b"\0" * shift + raw).rstrip(b"=")
            found.append(encoded[(0, 2, 3)[shift] : len(encoded) - 1])
    return tuple(dict.fromkeys(form for form in found if len(form) >= MIN_LENGTH))
