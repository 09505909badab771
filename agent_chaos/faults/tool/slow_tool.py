"""A tool takes its time."""

from __future__ import annotations

from typing import Annotated, Literal

from agent_chaos.faults.family import TOOL_PACE, Frequency
from agent_chaos.faults.fault import Choice, Drawn, Seconds, ToolFault, ToolOutcome, ToolTarget


class ToolSlow(ToolFault, frozen=True):
    """The tool gives its result `seconds` later; a tool that hangs is one with many.

    Source: openai/openai-agents-python#434.
    """

    family = TOOL_PACE
    frequency = Frequency.EVERYDAY
    transparent = True

    kind: Literal["tool_slow"] = "tool_slow"
    seconds: Annotated[Seconds, Drawn(1, 30)]

    @classmethod
    def openings(cls, target: ToolTarget) -> tuple[Choice, ...]:
        return ({},)

    def apply(self, target: ToolTarget) -> ToolOutcome:
        return ToolOutcome(target.end, delay_s=float(self.seconds))

    def describe(self) -> str:
        return f"the tool takes {self.seconds} s longer"
