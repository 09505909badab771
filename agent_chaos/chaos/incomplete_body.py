"""The connection closes inside the body."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from agent_chaos.chaos.fault import Choice, Target, TransportFault
from agent_chaos.chaos.positions import IN_WORDS, Boundary, Offset, cut_at, openings
from agent_chaos.stream.exchange import Abort, Reply


class IncompleteBody(TransportFault, frozen=True):
    """The peer closes at a boundary of the body, before the end that HTTP promised.

    Source: B5, S3, T6; "peer closed connection without sending complete message body": agno#4335, hermes-agent#112419.
    """

    family = "connection"

    kind: Literal["incomplete_body"] = "incomplete_body"
    boundary: Boundary
    offset: Offset

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        return openings(target)

    def apply(self, target: Target) -> Reply:
        kept = cut_at(target, self.boundary, self.offset)
        if kept is None:
            return target.reply
        return replace(kept, events=(*kept.events[:-1], Abort("incomplete", at=kept.events[-1].at)))

    def describe(self) -> str:
        return f"connection closed {IN_WORDS[self.boundary]}"
