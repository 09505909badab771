"""The provider answers 429 and says how long to wait: seconds, or hours, or that use grows too fast."""

from __future__ import annotations

from typing import Annotated, Literal

from annotated_types import Ge, Le

from agent_chaos.faults.family import RATE_LIMIT, Frequency
from agent_chaos.faults.fault import Choice, Drawn, Target, TransportFault
from agent_chaos.faults.parts.provider_error import answerable, provider_error, with_error
from agent_chaos.stream.exchange import Reply


class RateLimit(TransportFault, frozen=True):
    """429 with `retry-after` (Gemini: `RetryInfo` in the body).

    Source: openai/openai-python#3555, earendil-works/pi#6911.
    """

    family = RATE_LIMIT
    frequency = Frequency.EVERYDAY
    changes = ("turn",)
    transparent = True

    kind: Literal["rate_limit"] = "rate_limit"
    retry_after_s: Annotated[int, Ge(1), Le(1_000_000), Drawn(1, 60)]

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        return answerable(target)

    def apply(self, target: Target) -> Reply:
        return provider_error(target, "rate_limit", retry_after_s=self.retry_after_s)

    def describe(self) -> str:
        return f"rate limit (429), retry after {self.retry_after_s} s"


class RateLimitLong(TransportFault, frozen=True):
    """429 whose `retry-after` is hours.

    Source: openai/openai-node#1840, earendil-works/pi#3671 (277,403 s).
    """

    family = RATE_LIMIT
    frequency = Frequency.SOMETIMES
    changes = ("turn",)

    kind: Literal["rate_limit_long"] = "rate_limit_long"
    hours: Annotated[int, Ge(1), Le(72)]

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        return answerable(target)

    def apply(self, target: Target) -> Reply:
        return provider_error(target, "rate_limit", retry_after_s=self.hours * 3_600)

    def describe(self) -> str:
        return f"rate limit (429), retry after {self.hours} h"


class RampLimit(TransportFault, frozen=True):
    """Anthropic's 429 for use that grows too fast, with `retry-after`; its `error_code` stands where that of a spent
    account does.

    Source: anthropic-sdk-python's `RampLimitExceededError` ("Retry after the time in the `retry-after` header").
    """

    family = RATE_LIMIT
    frequency = Frequency.RARE
    changes = ("turn",)
    needs = frozenset({"ramp_limit"})
    transparent = True

    kind: Literal["ramp_limit"] = "ramp_limit"
    retry_after_s: Annotated[int, Ge(1), Le(1_000_000), Drawn(1, 60)]

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        return answerable(target) if target.protocol.specifics.ramp_limit else ()

    def apply(self, target: Target) -> Reply:
        if not self.openings(target):
            return target.reply
        told = {
            "message": target.protocol.specifics.ramp_limit,
            "details": {"error_code": "ramp_limit_exceeded"},
        }
        # The type stays `rate_limit_error`: what tells the two apart is `details.error_code` alone, which is
        # what clients tend not to read.
        return with_error(provider_error(target, "rate_limit", retry_after_s=self.retry_after_s), told)

    def describe(self) -> str:
        return f"ramp limit (429, usage grows too fast), retry after {self.retry_after_s} s"
