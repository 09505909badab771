"""The model's reply holds a block of the future."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from agent_chaos.faults.family import BODY, Frequency
from agent_chaos.faults.fault import Choice, MessageFault, Target
from agent_chaos.stream.exchange import Reply


class UnknownPart(MessageFault, frozen=True):
    """A content block, output item or part of a type that did not exist when the client was written, before the others.

    Source: Anthropic's docs, Versions (new kinds of content may appear); Anthropic's SDK reads it as a text block whose
    text is None, so that joining the texts fails.
    """

    family = BODY
    frequency = Frequency.SOMETIMES
    changes = ("other_parts",)
    needs = frozenset({"unknown_part"})

    kind: Literal["unknown_part"] = "unknown_part"

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        known = target.reply.ok and target.protocol.specifics.unknown_part is not None
        return ({},) if known and target.protocol.parse(target.reply).parts else ()

    def apply(self, target: Target) -> Reply:
        new = target.protocol.specifics.unknown_part
        if new is None or not self.openings(target):
            return target.reply
        turn = target.protocol.parse(target.reply)
        # In front: code that takes the first block for the answer (`content[0].text`) then meets it.
        return target.protocol.render(replace(turn, parts=(new, *turn.parts)), target.reply)

    def describe(self) -> str:
        return "a block of an unknown type comes before the others"
