"""Scenarios: an agent, the turns of a conversation, and what surrounds every trial."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from agent_chaos.chaos.builder import Chaos
from agent_chaos.errors import ScenarioError
from agent_chaos.providers.registry import vendors
from agent_chaos.results.turn_result import TurnResult
from agent_chaos.scenario.agent import Agent, takes_context
from agent_chaos.stream.exchange import Reply, Request

Assertion = Callable[..., Any]
"""`(ctx) -> AssertionResult | bool` or `(ctx, turn_number) -> …`; an exception is a failure."""

Hook = Callable[[], Awaitable[None] | None]


class Turn(BaseModel):
    """One user message: `input` is text, or a function of the results so far; with `chaos` and `assertions` of its own."""

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True)

    input: str | Callable[[list[TurnResult]], str]
    chaos: tuple[Chaos, ...] = ()
    assertions: tuple[Assertion, ...] = ()

    def __init__(self, input: str | Callable[[list[TurnResult]], str], **data: Any) -> None:
        # pydantic takes keywords alone, and `Turn("text")` is how scenarios are written.
        super().__init__(input=input, **data)

    def get_input(self, history: Sequence[TurnResult]) -> str:
        """The text of the turn, given what happened before."""
        return self.input if isinstance(self.input, str) else self.input(list(history))

    def is_dynamic(self) -> bool:
        return not isinstance(self.input, str)


class _Scenario(BaseModel):
    """An agent and a conversation.

    Args:
        name: letters, digits, `-`, `_` and `.`; names the cassette.
        agent: `(ctx, turn_input) -> str | dict with "response" | Any`, or `(turn_input) -> …`; sync or async. A generator
            is iterated within the run: pieces of text are joined. Of a class, each run makes an instance and calls it.
        turns: user messages, as `Turn` or plain text.
        description, tags, meta: for people: what it is about, words to choose it by (`--tag`), and anything else.
        cassette: where the cassette lies; by default `cassettes/<name>.msgpack`.
        providers: of anthropic, openai and gemini, those that may be faulted; none named means all.
        assertions: of the whole run; see `agent_chaos.scenario`.
        setup, teardown: called around every trial, sync or async, so that no state survives between trials.
        pure_tools: names of tools without side effects, which may really run offline although they are not wrapped.
        hosts: hosts to record and replay besides the providers'.
        ignore_hosts: hosts that are neither recorded nor replayed.
        before_record_request, before_record_response: rewrite what is kept on disk; None drops the exchange.
        max_virtual_s, max_requests: budgets of a trial beyond what the clean run needs.
    """

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True, extra="forbid")

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")
    description: str = ""
    agent: Agent
    turns: tuple[Turn, ...] = Field(min_length=1)
    providers: tuple[str, ...] = ()
    assertions: tuple[Assertion, ...] = ()
    tags: tuple[str, ...] = ()
    meta: dict[str, Any] = {}
    setup: Hook | None = None
    teardown: Hook | None = None
    pure_tools: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    ignore_hosts: tuple[str, ...] = ()
    before_record_request: Callable[[Request], Request | None] | None = None
    before_record_response: Callable[[Reply], Reply | None] | None = None
    max_virtual_s: float = 600.0
    max_requests: int = 30
    cassette: Path | None = None
    """Where the cassette lies; by default `cassettes/<name>.msgpack`."""

    @field_validator("agent")
    @classmethod
    def _agent_can_be_called(cls, value: Agent) -> Agent:
        # Asked for its error alone: an agent that cannot be called is told where it is written, not in its
        # first run.
        takes_context(value)
        return value

    @field_validator("turns", mode="before")
    @classmethod
    def _turns(cls, value: Any) -> Any:
        # Before pydantic looks at it: text and functions are no `Turn`, and would be refused.
        return tuple(Turn(turn) if isinstance(turn, str) or callable(turn) else turn for turn in value)

    @field_validator("providers", mode="after")
    @classmethod
    def _providers(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        unknown = [name for name in value if name not in vendors()]
        if unknown:
            raise ValueError(f"unknown provider {unknown[0]!r}; known are {', '.join(vendors())}")
        return value

    @model_validator(mode="after")
    def _assertions_can_be_asked(self) -> Self:
        if classes := [one.__name__ for one, _ in self.every_assertion if isinstance(one, type)]:
            raise ValueError(f"{classes[0]} is a class; write {classes[0]}(...)")
        for assertion, _ in self.every_assertion:
            for field in ("turn", "failed_turn"):
                # Assertions are any callables; those of this package name their turn in one of these fields.
                turn = getattr(assertion, field, None)
                if isinstance(turn, int) and not 0 <= turn < len(self.turns):
                    raise ValueError(f"{assertion}: {_no_turn(turn, self.turns)}")
        return self

    @property
    def cassette_path(self) -> Path:
        return self.cassette or Path("cassettes") / f"{self.recorded_as}.msgpack"

    @property
    def recorded_as(self) -> str:
        """The name of the recording."""
        return self.name

    def chance(self, seed: int) -> int:
        """The seed of its own that a run's seed gives it, so that scenarios do not all draw the same."""
        # Not `hash`, whose value for a text differs from process to process.
        return int.from_bytes(blake2b(f"{seed} {self.name}".encode(), digest_size=8).digest(), "big")

    @property
    def every_chaos(self) -> tuple[Chaos, ...]:
        """Every configured fault, those of a turn bound to it."""
        return ()

    @property
    def every_assertion(self) -> tuple[tuple[Assertion, int | None], ...]:
        """Every assertion with the turn it belongs to, None for those of the whole scenario."""
        own = [(one, None) for one in self.assertions]
        return (*own, *((one, number) for number, turn in enumerate(self.turns) for one in turn.assertions))


def _fields_of(parent: type) -> str:
    """What a parent says of its fields, for `help()` of the classes that people see."""
    return (parent.__doc__ or "").partition("\n\n")[2].strip()


class BaselineScenario(_Scenario):
    # Written at run time: pydantic passes fields on to subclasses, `help()` does not.
    __doc__ = (
        f"An agent and a conversation, without chaos; `variant` adds some.\n\n    {_fields_of(_Scenario)}"
    )

    @model_validator(mode="after")
    def _without_chaos(self) -> BaselineScenario:
        for number, turn in enumerate(self.turns):
            if turn.chaos:
                raise ValueError(f"turn {number} carries chaos; a baseline has none, make a variant() of it")
        return self

    def variant(
        self,
        *,
        name: str,
        description: str | None = None,
        chaos: Sequence[Chaos] | None = None,
        assertions: Sequence[Assertion] | None = None,
        turns: Sequence[at] | None = None,
        tags: Sequence[str] | None = None,
        allow_unfired: bool = False,
    ) -> ChaosScenario:
        """The same conversation with chaos, on this scenario's recording.

        Args:
            description: this scenario's, unless given.
            assertions, tags: on top of this scenario's.
            turns: chaos and assertions of single turns.
            allow_unfired: a fault that never strikes does not make the run NOT TESTED.

        Raises:
            ScenarioError: a turn that does not exist.
        """
        return ChaosScenario(
            # Field by field, not by `model_dump`, which would turn the turns into dicts and copy the agent's
            # objects.
            **{field: getattr(self, field) for field in _Scenario.model_fields}
            | {
                "name": name,
                "description": self.description if description is None else description,
                "turns": _with_turns(self.turns, turns or (), f"variant {name!r} of {self.name!r}"),
                "assertions": (*self.assertions, *(assertions or ())),
                "tags": (*self.tags, *(tags or ())),
                "meta": {**self.meta, "_parent": self.name},
            },
            chaos=tuple(chaos or ()),
            parent=self.name,
            allow_unfired=allow_unfired,
        )


class ChaosScenario(_Scenario):
    __doc__ = f"""A conversation with chaos: a variant of a baseline, whose recording it shares, or one of its own.

    {_fields_of(_Scenario)}
        chaos: configured faults; a turn's own are bound to it.
        parent: the baseline's name, empty for a scenario built directly.
        allow_unfired: a fault that never strikes does not make the run NOT TESTED.
    """

    chaos: tuple[Chaos, ...] = ()
    parent: str = ""
    allow_unfired: bool = False

    @field_validator("chaos", mode="before")
    @classmethod
    def _flat(cls, value: Any) -> Any:
        """A stored plan stands for all its faults."""
        several = [one if isinstance(one, (list, tuple)) else (one,) for one in value]
        return tuple(one for group in several for one in group)

    @model_validator(mode="after")
    def _turns_exist(self) -> ChaosScenario:
        for chaos in self.every_chaos:
            trigger = chaos.trigger
            between = trigger.between_turns or (None, None)
            for turn in (trigger.on_turn, trigger.after_turns, *between):
                if turn is not None and turn >= len(self.turns):
                    raise ValueError(f"{chaos}: {_no_turn(turn, self.turns)}")
        return self

    @property
    def recorded_as(self) -> str:
        return self.parent or self.name

    @property
    def every_chaos(self) -> tuple[Chaos, ...]:
        of_turns = [one.on_turn(number) for number, turn in enumerate(self.turns) for one in turn.chaos]
        return (*self.chaos, *of_turns)


Scenario = BaselineScenario | ChaosScenario


class at(BaseModel):
    """Chaos and assertions of one turn of a variant, counted from 0: `at(1, chaos=[tool_error()])`."""

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True, extra="forbid")

    turn: int
    chaos: tuple[Chaos, ...] = ()
    assertions: tuple[Assertion, ...] = ()

    def __init__(self, turn: int, chaos: Sequence[Chaos] = (), assertions: Sequence[Assertion] = ()) -> None:
        super().__init__(turn=turn, chaos=tuple(chaos), assertions=tuple(assertions))


def _no_turn(turn: int, turns: Sequence[Turn]) -> str:
    return f"there is no turn {turn}; turns count from 0 to {len(turns) - 1}"


def _with_turns(turns: tuple[Turn, ...], changes: Sequence[at], whose: str) -> tuple[Turn, ...]:
    out = list(turns)
    for change in changes:
        if not 0 <= change.turn < len(turns):
            raise ScenarioError(f"{whose}: at({change.turn}): {_no_turn(change.turn, turns)}")
        turn = out[change.turn]
        added = {"chaos": (*turn.chaos, *change.chaos), "assertions": (*turn.assertions, *change.assertions)}
        out[change.turn] = turn.model_copy(update=added)
    return tuple(out)
