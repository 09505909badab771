"""A proxy answers for the provider, in HTML: a family of pages that differ in values only."""

from __future__ import annotations

from typing import Literal

from agent_chaos.faults.family import BODY, SERVER, Frequency
from agent_chaos.faults.fault import Choice, Target, TransportFault
from agent_chaos.faults.parts.provider_error import answerable
from agent_chaos.faults.parts.proxy_page import ProxyPage, proxy_page
from agent_chaos.stream.exchange import Reply


class BadGateway(ProxyPage, frozen=True):
    """502 with the HTML page of a proxy, not the provider's JSON.

    Source: RFC 9110 section 15.6.3; SDKs retry, then put the page in words.
    """

    family = SERVER
    frequency = Frequency.EVERYDAY
    transparent = True
    status = 502
    reason = "Bad Gateway"
    words = "bad gateway (502, an HTML page)"

    kind: Literal["bad_gateway"] = "bad_gateway"


class ServiceUnavailable(ProxyPage, frozen=True):
    """503 with the HTML page of a proxy, not the provider's JSON.

    Source: BerriAI/litellm#2620 (retries on two levels).
    """

    family = SERVER
    frequency = Frequency.EVERYDAY
    transparent = True
    status = 503
    reason = "Service Temporarily Unavailable"
    words = "service unavailable (503, an HTML page)"

    kind: Literal["service_unavailable"] = "service_unavailable"


class HtmlBody(ProxyPage, frozen=True):
    """200 with an HTML page: a captive portal, a login, a proxy.

    Source: neavo/LinguaGacha#137, FoundationAgents/OpenManus#574 ("'str' object has no attribute 'choices'").
    """

    family = BODY
    frequency = Frequency.SOMETIMES
    status = 200
    reason = "Sign in to continue"
    words = "an HTML page with status 200 instead of the reply"

    kind: Literal["html_body"] = "html_body"


class CdnError(TransportFault, frozen=True):
    """520, 522 or 524 with the page of a CDN that could not reach the provider.

    Source: Cloudflare's docs, Cloudflare 5xx errors; genai does not retry them.
    """

    family = SERVER
    frequency = Frequency.SOMETIMES
    changes = ("turn",)
    transparent = True

    kind: Literal["cdn_error"] = "cdn_error"
    status: Literal["520", "522", "524"]

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        return tuple({"status": status} for status in _CDN) if answerable(target) else ()

    def apply(self, target: Target) -> Reply:
        return proxy_page(target, int(self.status), _CDN[self.status], server="cloudflare")

    def describe(self) -> str:
        return f"the CDN cannot reach the provider ({self.status}, an HTML page)"


# Cloudflare's own statuses, which no standard names, with the titles of its pages.
_CDN = {
    "520": "Web server is returning an unknown error",
    "522": "Connection timed out",
    "524": "A timeout occurred",
}
