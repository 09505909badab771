"""A proxy answers 502."""

from __future__ import annotations

from typing import Literal

from agent_chaos.chaos.fault import Choice, Target, TransportFault
from agent_chaos.chaos.provider_error import answerable
from agent_chaos.chaos.proxy_page import proxy_page
from agent_chaos.stream.exchange import Reply


class BadGateway(TransportFault, frozen=True):
    """502 with the HTML page of a proxy, not the provider's JSON. Source: H502h; SDKs retry, then put the page in words."""

    family = "server"
    transparent = True

    kind: Literal["bad_gateway"] = "bad_gateway"

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        return answerable(target)

    def apply(self, target: Target) -> Reply:
        return proxy_page(target, 502, "Bad Gateway")

    def describe(self) -> str:
        return "bad gateway (502, an HTML page)"
