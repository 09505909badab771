"""The provider answers 429, and says in an odd way how long to wait."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from typing import Literal, get_args

from agent_chaos.faults.family import RATE_LIMIT, Frequency
from agent_chaos.faults.fault import Choice, Target, TransportFault
from agent_chaos.faults.parts.provider_error import answerable, provider_error
from agent_chaos.stream.exchange import Reply, with_header, without_header

Form = Literal[
    "date",
    "past_date",
    "fraction",
    "zero",
    "negative",
    "empty",
    "unit",
    "list",
    "not_a_number",
    "infinite",
    "far_date",
]

_VALUES: dict[str, str] = {
    "past_date": "Wed, 21 Oct 2015 07:28:00 GMT",
    "fraction": "0.5",
    "zero": "0",
    "negative": "-1",
    "empty": "",
    "unit": "30s",
    "list": "3, 9",
    "not_a_number": "nan",
    "infinite": "inf",
    "far_date": "Fri, 31 Dec 99999 23:59:59 GMT",
}
# Some seconds, since HTTP dates have whole ones: rounding must not make it a date of the past.
_DATE_S = 7


class RateLimitOdd(TransportFault, frozen=True):
    """429 whose `retry-after` is a date, a fraction, negative, empty, `30s`, `inf` and the like.

    Source: RFC 9110 section 10.2.3 (a date is as good as a number); Anthropic's client sleeps 49 days for `inf` and
    lets a ValueError out for a year of five digits.
    """

    family = RATE_LIMIT
    frequency = Frequency.HOSTILE
    changes = ("turn",)
    needs = frozenset({"retry_after"})

    kind: Literal["rate_limit_odd"] = "rate_limit_odd"
    form: Form

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        # Gemini says how long to wait in the body, and clients of it read no such header.
        told = answerable(target) and provider_error(target, "rate_limit", retry_after_s=1).header(
            "retry-after"
        )
        return tuple({"form": form} for form in get_args(Form)) if told else ()

    def apply(self, target: Target) -> Reply:
        error = provider_error(target, "rate_limit", retry_after_s=1)
        if error.head is None or not self.openings(target):
            return target.reply
        value = _VALUES.get(self.form) or ("" if self.form == "empty" else _soon(target.reply))
        # Without `retry-after-ms`, which anthropic and openai read first, and would make them never look at
        # the odd one.
        headers = with_header(without_header(error.head.headers, "retry-after-ms"), "retry-after", value)
        return Reply((replace(error.head, headers=headers), *error.events[1:]))

    def describe(self) -> str:
        odd = "a date in a few seconds" if self.form == "date" else repr(_VALUES[self.form])
        return f"rate limit (429), retry-after is {odd}"


def _soon(reply: Reply) -> str:
    """A date some seconds after the reply was recorded, or after 2026 began where it has no date."""
    try:
        now = parsedate_to_datetime(reply.header("date"))
    except (TypeError, ValueError):
        # The recording's clock, not today's: the same plan must give the same bytes next year.
        now = datetime(2026, 1, 1, tzinfo=UTC)
    return format_datetime(now.astimezone(UTC) + timedelta(seconds=_DATE_S), usegmt=True)
