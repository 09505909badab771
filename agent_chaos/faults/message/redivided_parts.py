"""The deltas of a stream are cut in other places."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, get_args

from agent_chaos.faults.family import DIVISION, Frequency
from agent_chaos.faults.fault import Choice, MessageFault, Target
from agent_chaos.providers.turn import Opaque, Part, ToolCall
from agent_chaos.stream.exchange import Reply

_Pieces = Literal["whole", "characters"]

_LONGEST = 2_000
"""Characters of a part that is sent one by one; a longer one is sent in so many pieces, the last of which is the rest."""


class RedividedParts(MessageFault, frozen=True):
    """Each text and each tool call of a stream comes in one delta, or character by character.

    Source: ollama/ollama#7881 and Gemini's compatible API (a call in one delta), crewAIInc/crewAI#7539; deltas have no
    meaning of their own.
    """

    family = DIVISION
    frequency = Frequency.EVERYDAY
    transparent = True

    kind: Literal["redivided_parts"] = "redivided_parts"
    pieces: _Pieces

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        shapes: tuple[_Pieces, ...] = get_args(_Pieces)
        return tuple({"pieces": one} for one in shapes if _redivided(target, one) is not None)

    def apply(self, target: Target) -> Reply:
        found = _redivided(target, self.pieces)
        return target.reply if found is None else found

    def describe(self) -> str:
        return "the deltas come " + ("whole" if self.pieces == "whole" else "character by character")


def _redivided(target: Target, pieces: _Pieces) -> Reply | None:
    """The stream in other deltas; None where that changes nothing."""
    if not target.reply.ok or not target.streamed:
        return None
    key = ("redivided", target.protocol.name, pieces)
    return target.reply.derived(key, lambda: _written(target, pieces))


def _written(target: Target, pieces: _Pieces) -> Reply | None:
    turn = target.protocol.parse(target.reply)
    parts = tuple(_cut(part, pieces) for part in turn.parts)
    changed = target.protocol.render(replace(turn, parts=parts), target.reply)
    # A transparent fault may change nothing that a client reads, so a wire that cannot carry the pieces is
    # left as it was.
    same = target.protocol.parse(changed) == turn
    return changed if same and changed.body != target.reply.body else None


def _cut(part: Part, pieces: _Pieces) -> Part:
    if isinstance(part, Opaque):
        return part
    length = len(part.arguments if isinstance(part, ToolCall) else part.text)
    return replace(part, pieces=(length,) if pieces == "whole" else (1,) * min(length, _LONGEST))
