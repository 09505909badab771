"""One event of a stream comes twice, never, or too late."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, get_args

from agent_chaos.faults.family import DELIVERY, Frequency
from agent_chaos.faults.fault import Choice, StreamFault, Target
from agent_chaos.faults.parts.positions import Offset
from agent_chaos.faults.parts.stream_frames import raw_frames, with_frames
from agent_chaos.providers.turn import Text
from agent_chaos.stream.exchange import Reply

_How = Literal["doubled", "lost", "swapped"]

_WORDS = {
    "doubled": "comes twice",
    "lost": "never comes",
    "swapped": "comes after the next one",
}
_MOST = 20
"""Events of a long stream that are tried, evenly spread: trying one reads the whole stream."""


class MisdeliveredEvent(StreamFault, frozen=True):
    """An event that adds to the answer's text comes twice, never, or after the next; everything else is as it was.

    Source: NuGuardAI/nuguard#455 (text twice after a stream was taken up again). Only Responses repeat the whole text
    at the end.
    """

    family = DELIVERY
    frequency = Frequency.RARE
    changes = ("text",)

    kind: Literal["misdelivered_event"] = "misdelivered_event"
    how: _How
    offset: Offset

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        if not target.reply.ok or not target.streamed:
            return ()
        shapes = get_args(_How)
        return tuple({"how": how} for how in shapes if _has_place(target, how))

    def apply(self, target: Target) -> Reply:
        if {"how": self.how} not in self.openings(target):
            return target.reply
        places = _places(target, self.how)
        return _misdelivered(target, places[(len(places) // 2 + self.offset) % len(places)], self.how)

    def describe(self) -> str:
        return f"an event of the answer's text {_WORDS[self.how]}"


def _has_place(target: Target, how: _How) -> bool:
    # The first alone: each place takes another reading of the whole stream, and most streams have no fault of this kind
    # in their plans.
    key = ("is misdelivered", target.protocol.name, how)
    return target.reply.derived(key, lambda: next(_found_places(target, how), None) is not None)


def _places(target: Target, how: _How) -> tuple[int, ...]:
    """The events that add to the text of an answer, and whose fault changes nothing else."""
    key = ("misdelivered", target.protocol.name, how)
    return target.reply.derived(key, lambda: tuple(_found_places(target, how)))


def _found_places(target: Target, how: _How) -> Iterator[int]:
    adding = [] if target.protocol.parse(target.reply).tool_calls else list(_adding(target))
    known, few = set(adding), adding[:: max(1, len(adding) // _MOST)]
    for at in few if len(adding) > 1 else ():
        if (how != "swapped" or at + 1 in known) and _only_text(target, at, how):
            yield at


def _adding(target: Target) -> Iterator[int]:
    turn = target.protocol.parse(target.reply)
    for number, (_, delta) in enumerate(target.protocol.delta(target.reply)):
        if delta is not None and delta.text and isinstance(turn.parts[delta.part], Text):
            yield number


def _only_text(target: Target, at: int, how: _How) -> bool:
    changed = _misdelivered(target, at, how)
    after, before = target.protocol.parse(changed), target.protocol.parse(target.reply)
    # An event that also opens a part or ends the reply would be another fault when it is lost
    # (`lost_opening`, a cut).
    ends = [(turn.stop, turn.complete, turn.error, len(turn.parts)) for turn in (after, before)]
    return ends[0] == ends[1] and changed.body != target.reply.body


def _misdelivered(target: Target, at: int, how: _How) -> Reply:
    raws = raw_frames(target)
    match how:
        case "doubled":
            raws[at] *= 2
        case "lost":
            raws[at] = b""
        case "swapped":
            raws[at], raws[at + 1] = raws[at + 1], raws[at]
    return with_frames(target, raws)
