"""A tool did what it was asked to, and nobody was told."""

from __future__ import annotations

from typing import Annotated, Literal

from agent_chaos.cassette.model import ToolEnd
from agent_chaos.faults.family import TOOL_EFFECT, Frequency
from agent_chaos.faults.fault import Choice, Drawn, Seconds, ToolFault, ToolOutcome, ToolTarget


class ToolAcknowledgementLost(ToolFault, frozen=True):
    """The tool's effect lands, and after `seconds` the agent gets a TimeoutError: calling it again does it twice.

    Source: crewAIInc/crewAI#5802, langchain-ai/langgraph#8702, openai/openai-agents-python#4254,
    MervinPraison/PraisonAI#4256 (a mail sent three times).
    """

    family = TOOL_EFFECT
    frequency = Frequency.SOMETIMES

    kind: Literal["tool_acknowledgement_lost"] = "tool_acknowledgement_lost"
    seconds: Annotated[Seconds, Drawn(5, 30)]

    @classmethod
    def openings(cls, target: ToolTarget) -> tuple[Choice, ...]:
        return ({},)

    def apply(self, target: ToolTarget) -> ToolOutcome:
        return ToolOutcome(
            ToolEnd(error_type="TimeoutError", error="read timed out"), delay_s=float(self.seconds)
        )

    def describe(self) -> str:
        return f"the tool times out after {self.seconds} s, although its effect landed"
