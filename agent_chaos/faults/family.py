"""Families of faults, and how often a fault is met: what ranks and groups faults for a search, a report, a shrink."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class Frequency(IntEnum):
    """How often a fault is met in production, by what public issues, status pages and recordings tell; sorts usual first.

    `EVERYDAY`: any agent that runs for a week meets it. `SOMETIMES`: known from several independent reports.
    `RARE`: one provider, gateway or version is known to do it. `HOSTILE`: allowed by the wire or seen once; a client that
    stands it stands anything.
    """

    EVERYDAY = 0
    SOMETIMES = 1
    RARE = 2
    HOSTILE = 3

    @property
    def label(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, slots=True, order=True)
class Family:
    """Faults of which one sample stands for the others; users select by its `name`. Sorts from mild to grave.

    Attributes:
        mildness: 0 is the mildest. Of two plans that fail alike, shrinking prefers the one whose faults are milder.
        name: one word of the field, in snake case.
        priority: a search samples families with lower numbers first, since they found most in real agents.
    """

    mildness: int
    name: str
    priority: int = 100

    def __str__(self) -> str:
        return self.name


# By tens, so that a new family finds room between two others, as `division` did; what is stored names
# families, not numbers.
NOISE = Family(0, "noise", 130)
PACE = Family(10, "pace", 140)
DIVISION = Family(15, "division", 55)
RATE_LIMIT = Family(20, "rate_limit", 40)
SERVER = Family(30, "server", 120)
CONNECTION = Family(40, "connection", 60)
TIMEOUT = Family(50, "timeout", 50)
DELIVERY = Family(60, "delivery", 110)
TRUNCATION = Family(70, "truncation", 10)
BODY = Family(80, "body", 80)
EMBEDDINGS = Family(85, "embeddings", 85)
IN_BAND_ERROR = Family(90, "in_band_error", 70)
STOP_REASON = Family(100, "stop_reason", 30)
NO_ANSWER = Family(110, "no_answer", 90)
TOOL_CALL = Family(120, "tool_call", 100)
TOOL_ARGUMENTS = Family(130, "tool_arguments", 20)
REFUSAL = Family(140, "refusal", 150)
TOOL_PACE = Family(150, "tool_pace", 160)
TOOL_FAILURE = Family(160, "tool_failure", 160)
TOOL_RESULT = Family(170, "tool_result", 160)
TOOL_EFFECT = Family(180, "tool_effect", 160)
MUTATION = Family(190, "mutation", 200)
