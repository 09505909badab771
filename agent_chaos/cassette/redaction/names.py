"""Which names hold secrets: of environment variables, JSON fields and query parameters, read by their words."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final
from urllib.parse import unquote_plus, urlsplit

# Of `APIKey` the words are API and Key: capitals end before the one that begins the next word.
_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[0-9]+")

_SECRET: Final = frozenset(
    [
        "password",
        "passwd",
        "pwd",
        "passphrase",
        "passcode",
        "secret",
        "secrets",
        "apikey",
        "apitoken",
        "authtoken",
        "accesstoken",
        "refreshtoken",
        "accesskey",
        "secretkey",
        "privatekey",
        "clientsecret",
        "credential",
        "credentials",
        "cred",
        "creds",
        "jwt",
        "bearer",
        "authorization",
        "authentication",
        "dsn",
    ]
)
_ENDINGS: Final = ("password", "passwd", "passphrase")
"""Of words that were written as one: `PGPASSWORD`."""
_KEY_OF: Final = frozenset(
    [
        "api",
        "access",
        "secret",
        "private",
        "subscription",
        "auth",
        "account",
        "signing",
        "encryption",
        "master",
        "shared",
        "storage",
        "client",
        "service",
        "app",
        "application",
        "consumer",
        "license",
        "function",
        "functions",
        "admin",
        "webhook",
        "deploy",
        "ssh",
        "integration",
    ]
)
_TOKEN_OF: Final = frozenset(
    [
        "api",
        "access",
        "auth",
        "refresh",
        "id",
        "session",
        "bearer",
        "security",
        "bot",
        "service",
        "personal",
        "deploy",
        "csrf",
        "xsrf",
        "sas",
        "oauth",
        "app",
        "client",
        "private",
        "secret",
        "login",
        "reset",
        "verification",
        "registration",
        "mfa",
        "otp",
        "device",
        "push",
        "user",
        "identity",
        "gh",
        "github",
        "gitlab",
        "slack",
        "hf",
        "npm",
    ]
)
ABOUT: Final = frozenset(
    [
        "type",
        "types",
        "policy",
        "hint",
        "field",
        "label",
        "name",
        "names",
        "required",
        "enabled",
        "length",
        "min",
        "max",
        "count",
        "expires",
        "expiry",
        "expiration",
        "strength",
        "rules",
        "manager",
        "status",
        "format",
        "page",
        "next",
        "continuation",
        "sync",
        "cursor",
        "stop",
        "eos",
        "bos",
        "pad",
        "limit",
        "limits",
        "usage",
        "allow",
        "url",
        "uri",
        "endpoint",
        "path",
        "file",
        "dir",
        "sock",
        "public",
        "version",
        "ratelimit",
    ]
)
"""Words that make a name one about a secret, or about something else, rather than the secret's own."""
# A variable's name is all that is known of it, so that `KEY` alone is enough; a JSON field `key` may be
# any.
_OF_VARIABLES: Final = frozenset(["key", "keys", "token", "pass", "pat", "sas"])
_OF_PARAMETERS: Final = frozenset(
    ["token", "sig", "signature", "auth", "session", "sas", "pass", "authtoken", "sid"]
)
# `?key=` is how Google's APIs take keys, `?code=` what OAuth brings back and Azure Functions take.
_PARAMETERS: Final = frozenset({"key", "code"})


@lru_cache(maxsize=4096)
def words(name: str) -> frozenset[str]:
    """The words of a name, lower case: `API_KEY_V2`, `apiKeyV2` and `api-key-v2` have the same."""
    return frozenset(word.lower() for word in _WORD.findall(name))


@lru_cache(maxsize=4096)
def is_secret_field(name: str) -> bool:
    """Whether a JSON field, or a name that text assigns to, holds a secret whatever its value looks like."""
    found = words(name)
    # Longer names are sentences that happen to stand before a colon.
    if len(name) > 80 or found & ABOUT:
        return False
    return (
        bool(found & _SECRET)
        or any(word.endswith(_ENDINGS) for word in found)
        or ("key" in found and bool(found & _KEY_OF))
        or ("token" in found and bool(found & _TOKEN_OF))
        # Alone both are words of English; at the end of a name, as in `db_pass`, they are not.
        or (len(found) > 1 and bool(found & {"pass", "pat"}) and name.lower().endswith(("pass", "pat")))
    )


def is_secret_parameter(name: str) -> bool:
    """Whether a query parameter, or a field of a form, of this name holds a secret. The name may be percent-encoded."""
    # `api%5Fkey` is `api_key` to whoever reads the address.
    plain = unquote_plus(name)
    if is_secret_field(plain) or plain.lower() in _PARAMETERS:
        return True
    found = words(plain)
    return bool(found & _OF_PARAMETERS) and not found & ABOUT


def is_secret_variable(name: str, value: str = "") -> bool:
    """Whether an environment variable holds a secret: by the words of its name, or as a URL with a password in it."""
    if has_password(value):
        return True
    found = words(name)
    # every shell sets PWD, and it is the working directory
    return name != "PWD" and bool(found & (_SECRET | _OF_VARIABLES)) and not found & ABOUT


def has_password(value: str) -> bool:
    """Whether a value is a URL that carries a password."""
    try:
        return "://" in value and bool(urlsplit(value).password)
    except ValueError:
        return False
