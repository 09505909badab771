"""A fault and when it strikes, as scenarios write it: `llm_rate_limit(retry_after=60).on_call(1)`. Immutable."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic import BaseModel, ConfigDict

from agent_chaos.chaos.mutation import Mutation, Point
from agent_chaos.chaos.trigger import Trigger
from agent_chaos.errors import PlanError
from agent_chaos.faults.fault import Fault, ToolFault
from agent_chaos.faults.plan import Site
from agent_chaos.providers.registry import vendors

_POINTS: dict[str, Point] = {"tool_mutate": "tool_result", "user_input_mutate": "user_input"}


class Chaos(BaseModel):
    """One configured fault. Every method gives a new one, so that it can be shared between turns and scenarios.

    Attributes:
        fault: what strikes.
        trigger: when.
        word: how it is written, for messages.
        mutator: for a `Mutation`, the function that makes the change.
        streaming: whether it needs a streamed reply.
    """

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True, defer_build=True)

    fault: Fault
    trigger: Trigger = Trigger()
    word: str
    mutator: Callable[..., Any] | None = None
    streaming: bool = False

    @property
    def point(self) -> Point:
        """Where it acts, in the words of 0.1.3."""
        if isinstance(self.fault, Mutation):
            return _POINTS.get(self.fault.kind, "messages")
        if isinstance(self.fault, ToolFault):
            return "tool_result"
        return "stream" if self.streaming else "llm_call"

    def on_call(self, number: int) -> Chaos:
        """At that call: of the scenario, or of the turn where a turn is named; of the tool for tool faults."""
        return self._when(on_call=number)

    def after_calls(self, number: int) -> Chaos:
        """At every call once that many were made."""
        return self._when(after_calls=number)

    def on_turn(self, number: int) -> Chaos:
        """In that turn, counted from 0."""
        return self._when(on_turn=number)

    def after_turns(self, number: int) -> Chaos:
        """In every turn once that many are over."""
        return self._when(after_turns=number)

    def between_turns(self, first: int, second: int) -> Chaos:
        """As the second turn starts, right after the first."""
        return self._when(between_turns=(first, second))

    def with_probability(self, probability: float) -> Chaos:
        """At each call it could strike, with that chance; one that never does is no failure of the run."""
        return self._when(probability=probability)

    def for_provider(self, name: str) -> Chaos:
        """At calls to that provider, as in `anthropic`. Raises PlanError where no protocol is of it."""
        if name not in vendors():
            raise PlanError(f"for_provider({name!r}): unknown provider; known are {', '.join(vendors())}")
        return self._when(provider=name)

    def for_tool(self, name: str) -> Chaos:
        """At calls of that tool."""
        return self._when(tool=name)

    def attempts(self, number: int) -> Chaos:
        """At the first attempts of a call only, so that the SDK's retry may absorb it."""
        return self._when(attempts=number)

    def always(self) -> Chaos:
        """Wherever it could strike."""
        return self._when(always=True)

    def at(self, site: str | Site) -> Chaos:
        """At exactly that site of the recording: `call 1`, `call 1.1` (its second serving), `tool 0`."""
        return self._when(site=site if isinstance(site, Site) else Site.parse(site))

    def build(self) -> Chaos:
        """Itself; 0.1.3 built its faults apart."""
        return self

    def when(self, trigger: Trigger | None) -> Chaos:
        """With the conditions of a trigger on top of its own."""
        if trigger is None:
            return self
        # Without defaults, which would take back what was said before.
        return self._when(**trigger.model_dump(exclude_defaults=True))

    def _when(self, **conditions: Any) -> Chaos:
        # Validated as a whole, not by `model_copy`, which checks nothing: what was said last of a condition
        # holds.
        wanted = {**self.trigger.model_dump(exclude_defaults=True), **conditions}
        try:
            trigger = Trigger.model_validate(wanted)
        except ValueError as exc:
            said = ", ".join(f"{name}={value!r}" for name, value in conditions.items())
            raise PlanError(f"{self.word}: {said}: {_first(exc)}") from None
        return self.model_copy(update={"trigger": trigger})

    def __str__(self) -> str:
        return f"{self.word}{self.trigger}"


def _first(exc: ValueError) -> str:
    errors = getattr(exc, "errors", None)
    # What pydantic puts before the message of a validator of our own.
    return str(errors()[0]["msg"]).removeprefix("Value error, ") if callable(errors) else str(exc)
