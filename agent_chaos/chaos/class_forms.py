"""The class forms of the DSL: `LLMChaos.rate_limit(on=on_turn(0))`, `ToolChaos.error("get_weather", on=on_turn(1))`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from agent_chaos.chaos import constructors
from agent_chaos.chaos.builder import Chaos
from agent_chaos.chaos.constructors import Position
from agent_chaos.chaos.trigger import Trigger


def on_call(number: int) -> Trigger:
    return Trigger(on_call=number)


def after_calls(number: int) -> Trigger:
    return Trigger(after_calls=number)


def on_turn(number: int) -> Trigger:
    return Trigger(on_turn=number)


def after_turns(number: int) -> Trigger:
    return Trigger(after_turns=number)


def between_turns(first: int, second: int) -> Trigger:
    return Trigger(between_turns=(first, second))


def with_probability(probability: float) -> Trigger:
    return Trigger(probability=probability)


def always() -> Trigger:
    return Trigger(always=True)


class _ByKind(type):
    """Gives every fault of the catalogue a class form by its kind."""

    prefix = "llm_"

    # On the metaclass, as it is the class that is asked: `LLMChaos.overloaded()`.
    def __getattr__(cls, name: str) -> Callable[..., Chaos]:
        constructor = cls._constructor(name)

        def form(*values: Any, on: Trigger | None = None, **fields: Any) -> Chaos:
            return constructor(*values, **fields).when(on)

        return form

    def _constructor(cls, name: str) -> Callable[..., Chaos]:
        found = constructors.constructor(f"{cls.prefix}{name}")
        if found is None:
            raise AttributeError(f"{cls.__name__} has no fault {name!r}")
        return found


class _ToolKind(_ByKind):
    prefix = "tool_"

    def __getattr__(cls, name: str) -> Callable[..., Chaos]:
        constructor = cls._constructor(name)

        def form(tool: str | None = None, *, on: Trigger | None = None, **fields: Any) -> Chaos:
            return _for(constructor(**fields), tool).when(on)

        return form


class LLMChaos(metaclass=_ByKind):
    """Faults of a model's reply."""

    @staticmethod
    def rate_limit(retry_after: float = 30.0, *, on: Trigger | None = None) -> Chaos:
        return constructors.llm_rate_limit(retry_after).when(on)

    @staticmethod
    def timeout(delay: float = 30.0, *, on: Trigger | None = None) -> Chaos:
        return constructors.llm_timeout(delay).when(on)

    @staticmethod
    def server_error(message: str = "", *, on: Trigger | None = None) -> Chaos:
        return constructors.llm_server_error(message).when(on)

    @staticmethod
    def auth_error(message: str = "", *, on: Trigger | None = None) -> Chaos:
        return constructors.llm_auth_error(message).when(on)

    @staticmethod
    def context_length(message: str = "", *, on: Trigger | None = None) -> Chaos:
        return constructors.llm_context_length(message).when(on)


class StreamChaos(metaclass=_ByKind):
    """Faults of a streamed reply."""

    @staticmethod
    def cut(after_chunks: int, *, on: Trigger | None = None) -> Chaos:
        return constructors.llm_stream_cut(after_chunks).when(on)

    @staticmethod
    def hang(after_chunks: int, hang_seconds: float = 60.0, *, on: Trigger | None = None) -> Chaos:
        return constructors.llm_stream_hang(after_chunks, hang_seconds).when(on)

    @staticmethod
    def slow_ttft(delay: float, *, on: Trigger | None = None) -> Chaos:
        return constructors.llm_slow_ttft(delay).when(on)

    @staticmethod
    def slow_chunks(delay: float, *, on: Trigger | None = None) -> Chaos:
        return constructors.llm_slow_chunks(delay).when(on)


class ToolChaos(metaclass=_ToolKind):
    """Faults at the tool boundary; the tool is named first, None stands for any."""

    @staticmethod
    def error(
        tool: str | None = None,
        message: str = "Tool error",
        shape: str = "object",
        *,
        on: Trigger | None = None,
    ) -> Chaos:
        return _for(constructors.tool_error(message, shape), tool).when(on)

    @staticmethod
    def empty(tool: str | None = None, value: str = "text", *, on: Trigger | None = None) -> Chaos:
        return _for(constructors.tool_empty(value), tool).when(on)

    @staticmethod
    def timeout(
        tool: str | None = None, timeout_seconds: float = 30.0, *, on: Trigger | None = None
    ) -> Chaos:
        return _for(constructors.tool_timeout(timeout_seconds), tool).when(on)

    @staticmethod
    def raises(
        tool: str | None = None,
        message: str = "",
        error_type: str = "RuntimeError",
        *,
        on: Trigger | None = None,
    ) -> Chaos:
        return _for(constructors.tool_raise(message, error_type), tool).when(on)

    @staticmethod
    def mutate(mutator: Callable[..., Any], tool: str | None = None, *, on: Trigger | None = None) -> Chaos:
        return _for(constructors.tool_mutate(mutator), tool).when(on)


class ContextChaos:
    """Changes of what the model is asked."""

    @staticmethod
    def mutate(mutator: Callable[..., Any], *, on: Trigger | None = None) -> Chaos:
        return constructors.context_mutate(mutator).when(on)


class HistoryChaos:
    """Changes of the conversation so far; meant for `between_turns`."""

    @staticmethod
    def mutate(mutator: Callable[..., Any], *, on: Trigger | None = None) -> Chaos:
        return constructors.history_mutate(mutator).when(on)

    @staticmethod
    def truncate(keep_last: int = 3, keep_system: bool = True, *, on: Trigger | None = None) -> Chaos:
        return constructors.history_truncate(keep_last, keep_system).when(on)

    @staticmethod
    def inject(
        messages: list[dict[str, Any]], position: Position = "end", *, on: Trigger | None = None
    ) -> Chaos:
        return constructors.history_inject(messages, position).when(on)


class UserInputChaos:
    """Changes of what the user says."""

    @staticmethod
    def mutate(mutator: Callable[..., Any], *, on: Trigger | None = None) -> Chaos:
        return constructors.user_input_mutate(mutator).when(on)


def _for(chaos: Chaos, tool: str | None) -> Chaos:
    return chaos if tool is None else chaos.for_tool(tool)
