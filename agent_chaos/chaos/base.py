"""Where a fault acts and what a mutator decides, in the words of 0.1.3."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from agent_chaos.chaos.builder import Chaos
from agent_chaos.chaos.trigger import Trigger

TriggerConfig = Trigger

__all__ = ["Chaos", "ChaosAction", "ChaosPoint", "ChaosResult", "TriggerConfig"]


class ChaosPoint(StrEnum):
    """Where a fault acts; `Chaos.point` and `FaultRecord.chaos_point` are one of them."""

    USER_INPUT = "user_input"
    LLM_CALL = "llm_call"
    STREAM = "stream"
    TOOL_RESULT = "tool_result"
    MESSAGES = "messages"


class ChaosAction(StrEnum):
    """What a fault does to what it acts on."""

    PROCEED = "proceed"
    RAISE = "raise"
    MUTATE = "mutate"
    HANG = "hang"
    DELAY = "delay"


@dataclass(frozen=True, slots=True)
class ChaosResult:
    """What a mutator may return in place of the new value: that, nothing, or an exception to raise where it acts."""

    action: ChaosAction
    exception: BaseException | None = None
    mutated: Any = None

    @classmethod
    def proceed(cls) -> ChaosResult:
        return cls(ChaosAction.PROCEED)

    @classmethod
    def raise_exception(cls, exception: BaseException) -> ChaosResult:
        return cls(ChaosAction.RAISE, exception)

    @classmethod
    def mutate(cls, value: Any) -> ChaosResult:
        return cls(ChaosAction.MUTATE, mutated=value)

    def instead_of(self, before: Any) -> Any:
        """What the value becomes. Raises the exception where there is one."""
        if self.exception is not None:
            raise self.exception
        return before if self.action is ChaosAction.PROCEED else self.mutated
