"""The connection is reset inside the body."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from agent_chaos.chaos.fault import Choice, Target, TransportFault
from agent_chaos.chaos.positions import IN_WORDS, Boundary, Offset, cut_at, openings
from agent_chaos.stream.exchange import Abort, Reply


class ResetInBody(TransportFault, frozen=True):
    """RST at a boundary of the body. Source: T6, S4; anthropic-sdk-python#1919, vcrpy#518, hermes-agent#112419."""

    family = "connection"

    kind: Literal["reset_in_body"] = "reset_in_body"
    boundary: Boundary
    offset: Offset

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        return openings(target)

    def apply(self, target: Target) -> Reply:
        kept = cut_at(target, self.boundary, self.offset)
        if kept is None:
            return target.reply
        return replace(kept, events=(*kept.events[:-1], Abort("reset", at=kept.events[-1].at)))

    def describe(self) -> str:
        return f"connection reset {IN_WORDS[self.boundary]}"
