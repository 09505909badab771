"""The answer stops at the token limit before it is whole."""

from __future__ import annotations

from typing import Annotated, Literal

from annotated_types import Ge, Le

from agent_chaos.faults.family import STOP_REASON, Frequency
from agent_chaos.faults.fault import Choice, MessageFault, Target
from agent_chaos.faults.parts.final_text import final_text, shortened
from agent_chaos.stream.exchange import Reply


class MaxTokensInText(MessageFault, frozen=True):
    """A complete reply that stopped for length: the text keeps all but `percent_lost` percent of it, and nothing
    follows.

    Source: crewAIInc/crewAI#5148, griptape-ai/griptape#2333, 567-labs/instructor#2210, openai/openai-agents-python#4513
    (no token at all).
    """

    family = STOP_REASON
    frequency = Frequency.EVERYDAY
    changes = ("text", "stop")

    kind: Literal["max_tokens_in_text"] = "max_tokens_in_text"
    percent_lost: Annotated[int, Ge(10), Le(100)]

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        return ({},) if final_text(target) is not None else ()

    def apply(self, target: Target) -> Reply:
        found = final_text(target)
        return target.reply if found is None else shortened(target, *found, self.percent_lost, "length")

    def describe(self) -> str:
        return f"the token limit is hit in the answer ({self.percent_lost} % lost)"
