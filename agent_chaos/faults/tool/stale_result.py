"""A tool returns what it had returned to another call."""

from __future__ import annotations

from typing import Any, Literal

from agent_chaos.cassette.model import ToolEnd
from agent_chaos.faults.family import TOOL_RESULT, Frequency
from agent_chaos.faults.fault import Choice, ToolFault, ToolOutcome, ToolTarget

Copy = Literal["earlier", "other"]

_WORDS = {
    "earlier": "what it had returned to the same call before",
    "other": "what it returned to a call with other arguments",
}


class ToolStale(ToolFault, frozen=True):
    """A real result of the same tool that is not this call's: an old copy of it, or another entity's.

    Source: nibor1896/Crow#93 (an old copy), daintreehq/daintree#8496 and agno-agi/agno#9380 (a cache that answered other
    arguments).
    """

    family = TOOL_RESULT
    frequency = Frequency.SOMETIMES

    kind: Literal["tool_stale"] = "tool_stale"
    copied: Copy

    @classmethod
    def openings(cls, target: ToolTarget) -> tuple[Choice, ...]:
        copies: tuple[Copy, ...] = ("earlier", "other")
        return tuple({"copied": one} for one in copies if _copies(target, one))

    def apply(self, target: ToolTarget) -> ToolOutcome:
        copies = _copies(target, self.copied)
        # The latest, as a cache would hold it.
        return ToolOutcome(ToolEnd(copies[-1]) if copies else target.end)

    def describe(self) -> str:
        return f"the tool returns {_WORDS[self.copied]}"


def _copies(target: ToolTarget, copied: Copy) -> list[Any]:
    """Other results of the tool, as recorded: of the same call before this one, or of calls with other arguments."""
    same = copied == "earlier"
    return [
        one.result
        for one in target.others
        if one.result != target.end.result
        and (one.arguments == target.arguments) is same
        # A copy of the same call can only be of the past; that another entity was asked for later does not
        # matter, for a run need not have seen it.
        and (one.earlier or not same)
    ]
