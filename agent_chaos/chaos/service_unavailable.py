"""A proxy answers 503."""

from __future__ import annotations

from typing import Literal

from agent_chaos.chaos.fault import Choice, Target, TransportFault
from agent_chaos.chaos.provider_error import answerable
from agent_chaos.chaos.proxy_page import proxy_page
from agent_chaos.stream.exchange import Reply


class ServiceUnavailable(TransportFault, frozen=True):
    """503 with the HTML page of a proxy, not the provider's JSON. Source: H503h; litellm#2620 (retries on two levels)."""

    family = "server"
    transparent = True

    kind: Literal["service_unavailable"] = "service_unavailable"

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        return answerable(target)

    def apply(self, target: Target) -> Reply:
        return proxy_page(target, 503, "Service Temporarily Unavailable")

    def describe(self) -> str:
        return "service unavailable (503, an HTML page)"
