"""Requests that fetch credentials: OAuth token endpoints, instance metadata, security token services."""

from __future__ import annotations

import re
from typing import Final

from agent_chaos.stream.exchange import Request

_HOSTS: Final = frozenset(
    [
        "oauth2.googleapis.com",
        "sts.googleapis.com",
        "accounts.google.com",
        "iamcredentials.googleapis.com",
        "metadata.google.internal",
        "login.microsoftonline.com",
        "auth.openai.com",
        "auth0.openai.com",
        # Instance metadata of AWS, Azure and Google Cloud; the next is that of containers on ECS.
        "169.254.169.254",
        "169.254.170.2",
    ]
)
_PATHS: Final = ("/oauth/token", "/oauth2/token", "/oauth2/v2.0/token", "/oauth2/v4/token")
_STS: Final = re.compile(r"(?:^|\.)sts(?:\.[a-z0-9-]{1,30})?\.amazonaws\.com$")


def is_credential_exchange(request: Request) -> bool:
    """Whether a request fetches credentials (OAuth, instance metadata)."""
    return (
        request.host in _HOSTS
        or request.path.endswith(_PATHS)
        or _STS.search(request.host) is not None
        or (b"grant_type=" in request.body and "form-urlencoded" in request.header("content-type"))
    )
