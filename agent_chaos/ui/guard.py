"""Who may look: the holder of the token, at the address it was given for, and no page of another site."""

from __future__ import annotations

import hmac
import ipaddress
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


class Guard:
    """Lets a request through that is for this host, from this site, and carries the token.

    Args:
        host, port: where the server listens. Names other than `host` and localhost are refused, so that no name of a
            stranger can be pointed here.
        token: what the first address carries; a cookie from then on.
    """

    def __init__(self, app: ASGIApp, *, host: str, port: int, token: str) -> None:
        self._app, self._host, self._token = app, host.lower(), token
        # Cookies know no ports: two servers on one machine would overwrite each other's.
        self._cookie = f"agent_chaos_{port}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # `lifespan`; the pages have no websockets.
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_HEADERS)
            await send(message)

        answer = self._refusal(scope) or self._welcome(scope)
        await (answer or self._app)(scope, receive, guarded)

    # Asked before the token: a page of another site is told nothing that depends on it.
    def _refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if not self._is_ours(host):
            return _no(400, f"this server does not answer for the host {host[:80]!r}")
        # Browsers send an origin with what scripts ask for; a visitor's own click has none.
        if headers.get("origin", f"http://{host}") != f"http://{host}":
            return _no(403, "requests of other sites are refused")
        if scope["method"] not in ("GET", "HEAD"):
            return _no(405, "there is nothing to change here")
        return None

    def _welcome(self, scope: Scope) -> Response | None:
        given = parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])[0]
        if given and self._fits(given):
            # Away from the address with the token at once, which would stay in the history and be sent as a
            # referrer.
            answer = RedirectResponse(scope["path"], status_code=303)
            answer.set_cookie(self._cookie, self._token, httponly=True, samesite="strict")
            return answer
        if self._fits(self._kept(Headers(scope=scope).get("cookie", ""))):
            return None
        return _no(403, "open the address that `agent-chaos ui` printed: it carries the token for this page")

    def _kept(self, cookies: str) -> str:
        try:
            morsel = SimpleCookie(cookies).get(self._cookie)
        except CookieError:
            return ""
        return morsel.value if morsel else ""

    def _fits(self, given: str) -> bool:
        # In constant time, since the time of a plain comparison tells how much of a guess was right.
        return hmac.compare_digest(given.encode(), self._token.encode())

    def _is_ours(self, host: str) -> bool:
        name = host.rpartition(":")[0] if not host.endswith("]") and ":" in host else host
        if name.lower() in ("localhost", self._host):
            return True
        try:
            # An address is nobody's name: DNS rebinding needs one.
            ipaddress.ip_address(name.strip("[]"))
        except ValueError:
            return False
        return True


def _no(status: int, why: str) -> Response:
    return PlainTextResponse(f"agent-chaos: {why}\n", status_code=status)
