"""The names of 0.1.3 that have others today: classes of faults, where a fault acts, and what a mutator decides.

`RateLimitChaos(retry_after=5.0, on_call=1)` takes the arguments of `llm_rate_limit`, under the names that they had, and any
condition of a `Trigger`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from agent_chaos.chaos import constructors
from agent_chaos.chaos.builder import Chaos
from agent_chaos.chaos.trigger import Trigger

_Constructor = Callable[..., Chaos]

_CLASSES: dict[str, tuple[_Constructor, dict[str, str]]] = {
    "RateLimitChaos": (constructors.llm_rate_limit, {}),
    "TimeoutChaos": (constructors.llm_timeout, {"timeout_seconds": "delay"}),
    "ServerErrorChaos": (constructors.llm_server_error, {}),
    "AuthErrorChaos": (constructors.llm_auth_error, {}),
    "ContextLengthChaos": (constructors.llm_context_length, {}),
    "StreamCutChaos": (constructors.llm_stream_cut, {}),
    "StreamHangChaos": (constructors.llm_stream_hang, {}),
    "SlowTTFTChaos": (constructors.llm_slow_ttft, {}),
    "SlowChunksChaos": (constructors.llm_slow_chunks, {}),
    "ToolErrorChaos": (constructors.tool_error, {"error_message": "message"}),
    "ToolEmptyChaos": (constructors.tool_empty, {}),
    "ToolTimeoutChaos": (constructors.tool_timeout, {}),
    "ToolMutateChaos": (constructors.tool_mutate, {}),
    "ContextMutateChaos": (constructors.context_mutate, {}),
    "HistoryMutateChaos": (constructors.history_mutate, {}),
    "HistoryTruncateChaos": (constructors.history_truncate, {}),
    "HistoryInjectChaos": (constructors.history_inject, {}),
    "UserInputMutateChaos": (constructors.user_input_mutate, {}),
}
"""Word of each class, and arguments that have another name today."""

EXPORTED = ("HistoryInjectChaos", "HistoryMutateChaos", "HistoryTruncateChaos")
"""Those that `import *` gives, as it did."""

CONCRETE = tuple(name for name in _CLASSES if name not in EXPORTED)
"""The others, which are imported by name."""


def by_class_name(name: str) -> _Constructor | None:
    """The class of 0.1.3 with that name, as a function; None where there was none."""
    if name not in _CLASSES:
        return None
    constructor, renamed = _CLASSES[name]

    def made(**fields: Any) -> Chaos:
        # 0.1.3 gave the conditions to the class itself, beside the arguments of the fault.
        conditions = {key: fields.pop(key) for key in Trigger.model_fields if key in fields}
        return constructor(**{renamed.get(key, key): value for key, value in fields.items()}).when(
            Trigger(**conditions)
        )

    # As messages and documentation tools show it.
    made.__name__ = name
    return made


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
