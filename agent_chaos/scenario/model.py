"""Scenarios: an agent, the turns of a conversation, and what surrounds every trial."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

from agent_chaos.core.results import TurnResult
from agent_chaos.stream.exchange import Reply, Request

Agent = Callable[..., Any]
"""`(ctx, turn_input) -> str | dict with "response" | Any`, sync or async."""

Hook = Callable[[], Awaitable[None] | None]


class Turn(BaseModel):
    """One user message: static text, or a function of the results so far."""

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True)

    input: str | Callable[[list[TurnResult]], str]

    def __init__(self, input: str | Callable[[list[TurnResult]], str], **data: Any) -> None:
        super().__init__(input=input, **data)

    def get_input(self, history: Sequence[TurnResult]) -> str:
        """The text of the turn, given what happened before."""
        return self.input if isinstance(self.input, str) else self.input(list(history))

    def is_dynamic(self) -> bool:
        return not isinstance(self.input, str)


class BaselineScenario(BaseModel):
    """An agent and a conversation, without chaos.

    Args:
        name: letters, digits, `-`, `_` and `.`; names the cassette.
        agent: `(ctx, turn_input) -> str | dict with "response" | Any`, sync or async.
        turns: user messages, as `Turn` or plain text.
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

    @field_validator("turns", mode="before")
    @classmethod
    def _turns(cls, value: Any) -> Any:
        return tuple(Turn(turn) if isinstance(turn, str) or callable(turn) else turn for turn in value)

    @property
    def cassette_path(self) -> Path:
        return self.cassette or Path("cassettes") / f"{self.name}.msgpack"
