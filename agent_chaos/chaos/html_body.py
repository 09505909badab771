"""A page instead of a reply."""

from __future__ import annotations

from typing import Literal

from agent_chaos.chaos.fault import Choice, Target, TransportFault
from agent_chaos.chaos.provider_error import answerable
from agent_chaos.chaos.proxy_page import proxy_page
from agent_chaos.stream.exchange import Reply


class HtmlBody(TransportFault, frozen=True):
    """200 with an HTML page: a captive portal, a login, a proxy. Source: B2, S20; SDKs give it to the agent as text."""

    family = "body"

    kind: Literal["html_body"] = "html_body"

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        return answerable(target)

    def apply(self, target: Target) -> Reply:
        return proxy_page(target, 200, "Sign in to continue")

    def describe(self) -> str:
        return "an HTML page with status 200 instead of the reply"
