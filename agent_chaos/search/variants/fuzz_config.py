"""What may go wrong and how likely, per place: the model's reply, its stream, tools, the conversation. Names of 0.1.3.

`faults` takes the names of 0.1.3 and every kind of the catalogue (`agent-chaos faults`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator

from agent_chaos.faults.catalogue import fault_types
from agent_chaos.faults.fault import ToolFault, WireFault
from agent_chaos.search.scope import Rule

LLM_NAMES = {"timeout": "timeout_before_headers"}
STREAM_NAMES = {
    "stream_cut": "reset_in_body",
    "stream_hang": "stall",
    "slow_ttft": "slow_first_byte",
    "slow_chunks": "slow_stream",
}
TOOL_NAMES = {"error": "tool_error", "timeout": "tool_timeout", "empty": "tool_empty"}
"""What names of 0.1.3 are called in the catalogue, where that differs."""

_LLM = ("rate_limit", "timeout", "server_error", "auth_error", "context_length")
_STREAM = ("stream_cut", "stream_hang", "slow_ttft", "slow_chunks")
_HANG_S = 60

Probability = Annotated[float, Field(ge=0, le=1)]
"""How often a place is chosen, beside the others: a weight."""


def _ordered(value: tuple[float, float]) -> tuple[float, float]:
    if not 0 <= value[0] <= value[1] or not math.isfinite(value[1]):
        raise ValueError(f"expected (least, greatest), 0 <= least <= greatest, not {value}")
    return value


def _numbered(value: tuple[int, int]) -> tuple[int, int]:
    _ordered(value)
    return value


Range = Annotated[tuple[float, float], AfterValidator(_ordered)]
"""Seconds, least and greatest; faults last whole seconds, so that parts are rounded up."""
NumberRange = Annotated[tuple[int, int], AfterValidator(_numbered)]


class _Config(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    enabled: bool = True


class LLMFuzzConfig(_Config):
    """Faults of the model's reply: `rate_limit`, `timeout`, `server_error`, `auth_error`, `context_length`, or any other.

    Args:
        enabled: whether any of them is drawn.
        probability: of a call being faulted, from 0 to 1.
        faults: their names.
        retry_after_range: of `rate_limit`, in seconds.
        timeout_range: of `timeout`, in seconds.
    """

    probability: Probability = 0.3
    faults: tuple[str, ...] = ("rate_limit", "timeout", "server_error")
    retry_after_range: Range = (1, 30)
    timeout_range: Range = (5, 60)

    @field_validator("faults")
    @classmethod
    def _known(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return known(value, LLM_NAMES, WireFault, _LLM)

    @classmethod
    def disabled(cls) -> LLMFuzzConfig:
        return cls(enabled=False)

    @classmethod
    def heavy(cls) -> LLMFuzzConfig:
        """All five of 0.1.3, often."""
        return cls(probability=0.7, faults=_LLM)

    def rules(self) -> tuple[Rule, ...]:
        """What may strike, by these settings."""
        ranges = {
            "rate_limit": ("retry_after_s", *_seconds(self.retry_after_range)),
            "timeout_before_headers": ("seconds", *_seconds(self.timeout_range)),
        }
        kinds = [LLM_NAMES.get(name, name) for name in self.faults] if self.enabled else []
        return tuple(Rule(kind, bounds=(ranges[kind],) if kind in ranges else ()) for kind in kinds)


class StreamFuzzConfig(_Config):
    """Faults of a streamed reply: `stream_cut`, `stream_hang`, `slow_ttft`, `slow_chunks`, or any other of a reply.

    Args:
        enabled: whether any of them is drawn.
        probability: of a call being faulted, from 0 to 1.
        faults: their names.
        cut_after_chunks: events that arrive before `stream_cut` and `stream_hang`.
        ttft_delay_range: of `slow_ttft`, in seconds.
        chunk_delay_range: of `slow_chunks`, in seconds.
    """

    probability: Probability = 0.2
    faults: tuple[str, ...] = ("stream_cut", "slow_ttft")
    cut_after_chunks: NumberRange = (3, 20)
    ttft_delay_range: Range = (1, 5)
    chunk_delay_range: Range = (0.1, 0.5)

    @field_validator("faults")
    @classmethod
    def _known(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return known(value, STREAM_NAMES, WireFault, _STREAM)

    @classmethod
    def disabled(cls) -> StreamFuzzConfig:
        return cls(enabled=False)

    @classmethod
    def heavy(cls) -> StreamFuzzConfig:
        """All four of 0.1.3, often."""
        return cls(probability=0.6, faults=_STREAM)

    def rules(self) -> tuple[Rule, ...]:
        return tuple(self._rule(name) for name in self.faults) if self.enabled else ()

    def _rule(self, name: str) -> Rule:
        after, kind = {"boundary": "after_frames"}, STREAM_NAMES.get(name, name)
        if name == "stream_cut":
            return Rule(kind, ({**after},), (("offset", *self.cut_after_chunks),), streamed=True)
        if name == "stream_hang":
            choice = {**after, "seconds": _HANG_S}
            return Rule(kind, (choice,), (("frames", *self.cut_after_chunks),), streamed=True)
        ranges = {"slow_first_byte": self.ttft_delay_range, "slow_stream": self.chunk_delay_range}
        bounds = (("seconds", *_seconds(ranges[kind])),) if kind in ranges else ()
        return Rule(kind, bounds=bounds, streamed=True)


class ToolFuzzConfig(_Config):
    """Faults of tools: `error`, `timeout`, `empty`, or any other of a tool; and functions that change their results.

    Args:
        enabled: whether any of them is drawn.
        probability: of a tool call being faulted, from 0 to 1.
        faults: their names.
        targets: tools that may be faulted; without any, those that the recording calls.
        fuzz_any: without a recording and targets too, whichever tool is called first.
        mutators: as for `tool_mutate`; one is taken instead of a fault with `mutator_probability`.
        error_messages: one of which `error` says.
        timeout_range: of `timeout`, in seconds.
    """

    probability: Probability = 0.3
    faults: tuple[str, ...] = ("error", "timeout", "empty")
    targets: tuple[str, ...] | None = None
    fuzz_any: bool = False
    mutators: tuple[Callable[..., Any], ...] = ()
    mutator_probability: Probability = 0.2
    error_messages: tuple[str, ...] = Field(
        default=(
            "Service temporarily unavailable",
            "Connection refused",
            "Internal error",
            "Permission denied",
            "Resource not found",
        ),
        min_length=1,
    )
    timeout_range: Range = (5, 60)

    @field_validator("faults")
    @classmethod
    def _known(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return known(value, TOOL_NAMES, ToolFault, tuple(TOOL_NAMES))

    @classmethod
    def disabled(cls) -> ToolFuzzConfig:
        return cls(enabled=False)

    @classmethod
    def for_tools(cls, tools: Sequence[str], **settings: Any) -> ToolFuzzConfig:
        """Faults of these tools alone; `settings` are this class's fields."""
        return cls(targets=tuple(tools), **settings)

    @classmethod
    def heavy(cls, tools: Sequence[str] | None = None) -> ToolFuzzConfig:
        """Often; of any tool where none are named."""
        return cls(probability=0.7, targets=None if tools is None else tuple(tools), fuzz_any=tools is None)

    def rules(self) -> tuple[Rule, ...]:
        return tuple(self._rule(TOOL_NAMES.get(name, name)) for name in self.faults) if self.enabled else ()

    def _rule(self, kind: str) -> Rule:
        tools = None if self.targets is None else frozenset(self.targets)
        if kind == "tool_error":
            return Rule(kind, tuple({"message": message} for message in self.error_messages), tools=tools)
        if kind == "tool_timeout":
            bounds = (("timeout_seconds", *_seconds(self.timeout_range)),)
            return Rule(kind, ({},), bounds, tools=tools)
        return Rule(kind, ({},) if kind == "tool_empty" else (), tools=tools)


class ContextFuzzConfig(_Config):
    """Functions that change what the model is asked, as for `context_mutate`.

    Args:
        enabled: whether any of them is drawn.
        probability: of a call being changed, from 0 to 1.
        mutators: the functions, of which one is drawn.
    """

    enabled: bool = False
    probability: Probability = 0.1
    mutators: tuple[Callable[..., Any], ...] = ()

    @classmethod
    def disabled(cls) -> ContextFuzzConfig:
        return cls()

    @classmethod
    def with_mutators(
        cls, mutators: Sequence[Callable[..., Any]], probability: float = 0.2
    ) -> ContextFuzzConfig:
        return cls(enabled=True, probability=probability, mutators=tuple(mutators))


def known(
    names: Iterable[str], renamed: Mapping[str, str], level: type, usual: tuple[str, ...]
) -> tuple[str, ...]:
    """The names, each of a fault of that level. Raises ValueError for another, with those there are."""
    names = tuple(names)
    kinds = [kind for kind, cls in fault_types().items() if issubclass(cls, level)]
    for name in names:
        if name not in kinds and name not in renamed:
            near = get_close_matches(name, [*usual, *kinds], n=3)
            hint = f"did you mean {' or '.join(near)}? " if near else ""
            others = ", ".join(kind for kind in kinds if kind not in usual)
            raise ValueError(f"unknown fault {name!r}; {hint}known are {', '.join(usual)}; also {others}")
    return names


def _seconds(value: tuple[float, float]) -> tuple[int, int]:
    low = max(1, math.ceil(value[0]))
    return low, max(low, math.ceil(value[1]))
