"""The model's reply holds a block of the future."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

from agent_chaos.faults.family import BODY, Frequency
from agent_chaos.faults.fault import Choice, MessageFault, Target
from agent_chaos.providers.protocol import Opaque
from agent_chaos.stream.exchange import Reply

_BLOCK = {"type": "hologram", "scene": "a block of the future"}
_WRITTEN: dict[str, dict[str, Any]] = {
    "anthropic_messages": _BLOCK,
    "openai_responses": {"item": {"id": "hg_1", "status": "completed", **_BLOCK}},
    "gemini": {"part": {"hologram": {"scene": _BLOCK["scene"]}}},
}
"""As each protocol would write it; Chat Completions have one text and no blocks."""


class UnknownPart(MessageFault, frozen=True):
    """A content block, output item or part of a type that did not exist when the client was written, before the others.

    Source: Anthropic's docs, Versions (new kinds of content may appear); Anthropic's SDK reads it as a text block whose
    text is None, so that joining the texts fails.
    """

    family = BODY
    frequency = Frequency.SOMETIMES
    changes = ("other_parts",)
    needs = frozenset({"blocks"})

    kind: Literal["unknown_part"] = "unknown_part"

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        known = target.reply.ok and target.protocol.name in _WRITTEN
        return ({},) if known and target.protocol.parse(target.reply).parts else ()

    def apply(self, target: Target) -> Reply:
        if not self.openings(target):
            return target.reply
        turn = target.protocol.parse(target.reply)
        new = Opaque("hologram", _WRITTEN[target.protocol.name])
        return target.protocol.render(replace(turn, parts=(new, *turn.parts)), target.reply)

    def describe(self) -> str:
        return "a block of an unknown type comes before the others"
