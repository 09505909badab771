"""A tool says that it timed out."""

from __future__ import annotations

from typing import Annotated, Literal

from annotated_types import Ge

from agent_chaos.cassette.model import ToolEnd
from agent_chaos.faults.family import TOOL_EFFECT, Frequency
from agent_chaos.faults.fault import Choice, ToolFault, ToolOutcome, ToolTarget


class ToolTimeout(ToolFault, frozen=True):
    """The tool returns, after `timeout_seconds`, a sentence that says so; its effect landed.

    Source: crewAIInc/crewAI#5802.
    """

    family = TOOL_EFFECT
    frequency = Frequency.EVERYDAY

    kind: Literal["tool_timeout"] = "tool_timeout"
    timeout_seconds: Annotated[float, Ge(0)] = 30.0

    @classmethod
    def openings(cls, target: ToolTarget) -> tuple[Choice, ...]:
        return ({},)

    def apply(self, target: ToolTarget) -> ToolOutcome:
        return ToolOutcome(
            # A sentence, not an exception: what 0.1.3 returned, and its users' tests look for these words.
            ToolEnd(f"Tool timed out after {self.timeout_seconds:g}s"),
            delay_s=self.timeout_seconds,
        )

    def describe(self) -> str:
        return f"the tool says it timed out after {self.timeout_seconds:g} s, although its effect landed"
