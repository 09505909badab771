"""An account has spent what it may."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, get_args

from agent_chaos.faults.family import REFUSAL, Frequency
from agent_chaos.faults.fault import Choice, Target, TransportFault
from agent_chaos.faults.parts.provider_error import provider_error, with_error
from agent_chaos.stream.exchange import Reply, without_header

Limit = Literal["enforced_spend_limit_reached", "contract_spend_limit_reached"]


class SpendLimit(TransportFault, frozen=True):
    """Anthropic's 429 for money: it looks like a rate limit, and its `error_code` says that waiting does not help.

    Source: anthropic-sdk-python's table of error codes; its client asks again twice all the same.
    """

    family = REFUSAL
    frequency = Frequency.RARE
    changes = ("turn",)
    needs = frozenset({"spend_limits"})

    kind: Literal["spend_limit"] = "spend_limit"
    limit: Limit

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        known = target.protocol.specifics.spend_limits if target.reply.ok else {}
        return tuple({"limit": limit} for limit in get_args(Limit) if limit in known)

    def apply(self, target: Target) -> Reply:
        if {"limit": self.limit} not in self.openings(target):
            return target.reply
        told = {
            "message": target.protocol.specifics.spend_limits[self.limit],
            "details": {"error_code": self.limit},
        }
        refused = with_error(provider_error(target, "rate_limit"), told)
        assert refused.head is not None
        # It comes with the ordinary rate limit, and would tell the SDK by itself whether to ask again.
        headers = without_header(refused.head.headers, "x-should-retry")
        return Reply((replace(refused.head, headers=headers), *refused.events[1:]))

    def describe(self) -> str:
        return f"spend limit (429, {self.limit})"
