"""The model pauses in its answer."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal

from annotated_types import Ge, Le

from agent_chaos.faults.family import STOP_REASON, Frequency
from agent_chaos.faults.fault import Choice, MessageFault, Target
from agent_chaos.faults.parts.final_text import final_text, kept, shortened
from agent_chaos.providers.turn import Text
from agent_chaos.stream.exchange import Reply


class PausedInText(MessageFault, frozen=True):
    """A complete reply that paused (`pause_turn`, `CONTINUATION`): the rest comes to a client that asks on, and may
    pause or fail in its turn.

    Source: pydantic/pydantic-ai#2600; Anthropic's server tools pause long turns, Gemini gives a `continuationToken`.
    """

    family = STOP_REASON
    frequency = Frequency.SOMETIMES
    changes = ("text", "stop")
    needs = frozenset({"pauses"})

    kind: Literal["paused_in_text"] = "paused_in_text"
    percent_lost: Annotated[int, Ge(10), Le(95)]

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        if final_text(target) is None:
            return ()
        # By trying: a protocol that has no word for a pause writes the end of a turn in its place, and reads
        # that back.
        paused = target.protocol.parse(target.reply).with_stop("pause")
        rendered = target.protocol.render(paused, target.reply)
        return ({},) if target.protocol.parse(rendered).stop == "pause" else ()

    def apply(self, target: Target) -> Reply:
        found = final_text(target) if self.openings(target) else None
        return target.reply if found is None else shortened(target, *found, self.percent_lost, "pause")

    def rest(self, target: Target) -> Reply | None:
        found = final_text(target) if self.openings(target) else None
        if found is None:
            return None
        turn, index, part = found
        at = kept(part, self.percent_lost)
        parts = (replace(part, text=part.text[at:], pieces=_pieces_after(part, at)), *turn.parts[index + 1 :])
        return target.protocol.render(replace(turn, parts=parts), target.reply)

    def describe(self) -> str:
        return f"the model pauses in the answer ({self.percent_lost} % still to come)"


def _pieces_after(part: Text, at: int) -> tuple[int, ...]:
    """The lengths of the deltas that a text came in, from a character on."""
    found, begun = [], 0
    for length in part.pieces:
        begun += length
        if begun > at:
            found.append(min(length, begun - at))
    return tuple(found)
