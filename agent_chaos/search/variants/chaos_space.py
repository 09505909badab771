"""The space of `fuzz_chaos` and of `agent-chaos fuzz --space`: what may go wrong, how likely, and how much at once."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict, Field, model_validator

from agent_chaos.errors import UsageError
from agent_chaos.search.scope import Rule, Scope
from agent_chaos.search.variants.fuzz_config import (
    ContextFuzzConfig,
    LLMFuzzConfig,
    NumberRange,
    StreamFuzzConfig,
    ToolFuzzConfig,
)


class ChaosSpace(BaseModel):
    """What may go wrong. Probabilities are weights between the places, not chances of each.

    Args:
        llm, stream, tool, context: the places, each with its faults.
        min_per_scenario, max_per_scenario: faults of one variant, or of one example of a search; a recording with
            fewer calls than that gets fewer.
        after_calls_range: calls before a fault that strikes from then on (`after_calls`).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    llm: LLMFuzzConfig = LLMFuzzConfig()
    stream: StreamFuzzConfig = StreamFuzzConfig()
    tool: ToolFuzzConfig = ToolFuzzConfig()
    context: ContextFuzzConfig = ContextFuzzConfig()
    min_per_scenario: int = Field(default=1, ge=1, le=8)
    max_per_scenario: int = Field(default=3, ge=1, le=8)
    after_calls_range: NumberRange = (1, 5)

    @model_validator(mode="after")
    def _size(self) -> ChaosSpace:
        if self.min_per_scenario > self.max_per_scenario:
            raise ValueError(
                f"min_per_scenario={self.min_per_scenario} is above max_per_scenario={self.max_per_scenario}"
            )
        return self

    @classmethod
    def default(cls) -> ChaosSpace:
        return cls()

    @classmethod
    def llm_focused(cls) -> ChaosSpace:
        """Errors and timeouts of the model alone."""
        return cls(
            llm=LLMFuzzConfig.heavy(), stream=StreamFuzzConfig.disabled(), tool=ToolFuzzConfig.disabled()
        )

    @classmethod
    def stream_focused(cls) -> ChaosSpace:
        """Faults of streams alone."""
        return cls(
            llm=LLMFuzzConfig.disabled(), stream=StreamFuzzConfig.heavy(), tool=ToolFuzzConfig.disabled()
        )

    @classmethod
    def tool_focused(cls, tools: Sequence[str] | None = None) -> ChaosSpace:
        """Faults of tools alone; of all where none are named."""
        return cls(
            llm=LLMFuzzConfig.disabled(),
            stream=StreamFuzzConfig.disabled(),
            tool=ToolFuzzConfig.heavy(tools),
        )

    @classmethod
    def stress(cls, tools: Sequence[str] | None = None) -> ChaosSpace:
        """Everything, often, several at once."""
        return cls(
            llm=LLMFuzzConfig.heavy(),
            stream=StreamFuzzConfig.heavy(),
            tool=ToolFuzzConfig.heavy(tools),
            min_per_scenario=2,
            max_per_scenario=5,
        )

    def scope(self) -> Scope:
        """The space as what a search may use. Functions that change things cannot be searched, and stay out.

        Raises:
            UsageError: nothing is left.
        """
        places = (self.llm, self.stream, self.tool)
        rules: list[Rule] = [rule for place in places if place.probability for rule in place.rules()]
        if not rules:
            raise UsageError(
                "this ChaosSpace has nothing to search: enable llm, stream or tool, with a probability and faults; "
                "mutators run in variants of fuzz_chaos only"
            )
        return Scope(tuple(rules), (self.min_per_scenario, self.max_per_scenario))
