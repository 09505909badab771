"""The connection breaks inside the body: a family of transport errors that differ in values only."""

from __future__ import annotations

from abc import ABC
from dataclasses import replace
from typing import ClassVar, Literal

from agent_chaos.faults.family import CONNECTION, Family, Frequency
from agent_chaos.faults.fault import Choice, Target, TransportFault
from agent_chaos.faults.parts.positions import IN_WORDS, Boundary, Offset, cut_at, openings
from agent_chaos.stream.exchange import Abort, AbortKind, Reply


class _BrokenBody(TransportFault, ABC):
    """The body up to a boundary, then what the client's stack raises for `abort`."""

    family: ClassVar[Family] = CONNECTION
    abort: ClassVar[AbortKind]
    words: ClassVar[str]

    boundary: Boundary
    offset: Offset

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        return openings(target)

    def apply(self, target: Target) -> Reply:
        kept = cut_at(target, self.boundary, self.offset)
        if kept is None:
            return target.reply
        # The headers keep the length that they promised: that the body is shorter is what clients tell this
        # fault by.
        return replace(kept, events=(*kept.events[:-1], Abort(self.abort, at=kept.events[-1].at)))

    def describe(self) -> str:
        return f"{self.words} {IN_WORDS[self.boundary]}"


class ResetInBody(_BrokenBody, frozen=True):
    """RST at a boundary of the body.

    Source: anthropics/anthropic-sdk-python#1919, NousResearch/hermes-agent#112419.
    """

    frequency = Frequency.SOMETIMES
    changes = ("text", "calls", "other_parts", "stop", "usage", "end")
    try_first = ("mid_number", "mid_string", "mid_text")
    abort: ClassVar[AbortKind] = "reset"
    words = "connection reset"

    kind: Literal["reset_in_body"] = "reset_in_body"


class IncompleteBody(_BrokenBody, frozen=True):
    """The peer closes at a boundary of the body, before the end that HTTP promised.

    Source: agno-agi/agno#4335, NousResearch/hermes-agent#112419 ("peer closed connection without sending complete
    message body").
    """

    frequency = Frequency.EVERYDAY
    changes = ("text", "calls", "other_parts", "stop", "usage", "end")
    try_first = ("mid_number", "mid_string", "mid_text")
    abort: ClassVar[AbortKind] = "incomplete"
    words = "connection closed"

    kind: Literal["incomplete_body"] = "incomplete_body"
